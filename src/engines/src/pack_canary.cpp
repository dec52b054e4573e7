// Does a pack work? Tried in the sandbox that its engines will run in.
#include "run_tool.h"

#include <hearth/core/paths.h>
#include <hearth/engines/pack_install.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr Millis kCanaryTime{120'000};
constexpr std::uint64_t kCanaryMemory = std::uint64_t{4} << 30;
constexpr std::uint32_t kCanaryUser = 65534;
constexpr std::size_t kQuote = 400;

// The first file below the pack's library folders whose name begins so, as a path inside the pack.
std::string find_library(const fs::path& root, std::string_view prefix) {
  std::vector<fs::path> folders{root / "usr/lib64", root / "usr/lib", root / "usr/local/lib"};
  std::error_code ec;
  for (fs::directory_iterator it(root / "usr/lib", ec), end; !ec && it != end; it.increment(ec)) {
    std::error_code none;
    if (it->path().filename().string().find("-linux-") != std::string::npos && it->is_directory(none))
      folders.push_back(it->path());
  }
  std::vector<std::string> found;
  for (const fs::path& folder : folders) {
    std::error_code none;
    for (fs::directory_iterator it(folder, none), end; !none && it != end; it.increment(none)) {
      if (it->path().filename().string().starts_with(prefix))
        found.push_back("/" + it->path().lexically_relative(root).string());
    }
    if (!found.empty()) break;
  }
  return found.empty() ? std::string() : std::ranges::min(found);
}

// Loads libraries as a program would, constructors included: the C library is a program that every pack has.
Result<std::vector<std::string>> loading(const fs::path& root, const std::vector<std::string>& libraries) {
  std::vector<std::string> paths;
  for (const std::string& prefix : libraries) {
    paths.push_back(find_library(root, prefix));
    if (paths.back().empty()) return fail(Errc::failed_precondition, fmt::format("has no library {}*", prefix));
  }
  const std::string loader = find_library(root, "ld-linux");
  const std::string libc = find_library(root, "libc.so.6");
  if (loader.empty() || libc.empty()) return fail(Errc::failed_precondition, "has no C library to load it with");
  return std::vector<std::string>{loader, "--preload", fmt::format("{}", fmt::join(paths, ":")), libc};
}

struct Trial {
  std::vector<std::string> command;
  std::string expect;
};

Result<Trial> trial_of(const PackRoot& root, const Recipe& recipe) {
  if (!recipe.canary_program.empty()) return Trial{recipe.canary_program, recipe.canary_expect};
  HEARTH_TRY_ASSIGN(auto command, loading(root.path, recipe.canary_libraries));
  return Trial{std::move(command), "GNU C Library"};
}

LaunchPlan plan_of(const PackRoot& root, const PackOptions& options, const fs::path& scratch) {
  LaunchPlan plan;
  plan.name = "pack-trial";
  if (!is_host(root)) plan.pack = root;
  plan.folder = plan.data = plan.scratch = plan.socket_folder = scratch;
  plan.limits.data = kCanaryMemory;
  plan.as_user = as_user_program();
  const bool other_user =
      options.containment.separate_user && (is_host(root) || ::access(plan.as_user.c_str(), X_OK) == 0);
  plan.user_id = other_user ? kCanaryUser : 0;
  return plan;
}

// Another machine's programs run in an emulator, which is put where the sandbox shows it.
Result<void> bring_emulator(LaunchPlan& plan, Trial& trial, const fs::path& emulator) {
  if (emulator.empty()) return {};
  std::error_code ec;
  const fs::path inside = plan.scratch / emulator.filename();
  fs::copy_file(emulator, inside, fs::copy_options::overwrite_existing, ec);
  if (ec) return fail(Error(ec, fmt::format("cannot copy {} to {}", emulator.string(), inside.string())));
  trial.command.insert(trial.command.begin(), inside.string());
  plan.limits.data = 0;
  return {};
}

Error not_good(std::string_view what, const ToolResult& result) {
  std::string said = result.errors.empty() ? result.output : result.errors;
  if (said.size() > kQuote) said.erase(0, said.size() - kQuote);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  return {Errc::failed_precondition, said.empty() ? std::string(what) : fmt::format("{}: {}", what, said)};
}

Result<void> run_trial(LaunchPlan plan, const Trial& trial, const PackOptions& options, const std::stop_token& stop) {
  plan.program = trial.command.front();
  plan.args.assign(trial.command.begin() + 1, trial.command.end());
  HEARTH_TRY_ASSIGN(const Fd filter, seccomp_filter());
  Tool tool{.command = command_line(plan, options.containment),
            .environment = environment(plan),
            .time = kCanaryTime,
            .stop = stop,
            .inherit = {{filter.get(), kSeccompFd}}};
  if (plan.limits.data != 0) tool.limits = plan.limits;
  HEARTH_TRY_ASSIGN(const ToolResult result, run_tool(tool));
  if (!result.status.clean()) return fail(not_good(result.status.describe(), result));
  const auto says = [&](std::string_view text) {
    return result.output.find(text) != std::string::npos || result.errors.find(text) != std::string::npos;
  };
  if (!says(trial.expect)) return fail(not_good(fmt::format("did not say \"{}\"", trial.expect), result));
  if (says("cannot be preloaded")) return fail(not_good("has a library that cannot be loaded", result));
  return {};
}

}  // namespace

fs::path as_user_program() {
  return engines_dir() / "hearth-as-user";
}

Result<void> try_pack(const PackRoot& root, const Recipe& recipe, const PackOptions& options, const fs::path& scratch,
                      const std::stop_token& stop) {
  const std::string what = fmt::format("the pack {} does not pass its canary", root.id);
  if (!options.containment.isolated())
    return fail(Errc::failed_precondition, fmt::format("packs take a sandbox: {}", options.containment.problem));
  auto trial = trial_of(root, recipe);
  if (!trial) return fail(trial.error().wrap(what));
  LaunchPlan plan = plan_of(root, options, scratch);
  HEARTH_TRY(bring_emulator(plan, *trial, options.emulator));
  const auto passed = run_trial(std::move(plan), *trial, options, stop);
  if (!passed) return fail(passed.error().wrap(what));
  return {};
}

}  // namespace hearth::engines
