#include "launch.h"

#include "text.h"

#include <hearth/engines/pack.h>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxSocketPath = 107;  // sockaddr_un
constexpr std::uint32_t kFirstUser = 65520;  // to 65533: above systemd's dynamic users, below nobody
constexpr std::uint32_t kUsers = 14;
constexpr int kMaxFilesLookedAt = 1000;

bool for_everybody(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return false;
  const mode_t needed = S_ISDIR(info.st_mode) ? (S_IROTH | S_IXOTH) : S_IROTH;
  return (info.st_mode & needed) == needed;
}

// Whether another user can read what the engine needs. Built under a strict umask, it may not.
bool readable_by_others(const LaunchPlan& plan, const fs::path& program) {
  if (!for_everybody(plan.folder) || !for_everybody(program)) return false;
  struct stat info{};
  if (::stat(program.c_str(), &info) != 0 || (info.st_mode & S_IXOTH) == 0) return false;
  std::error_code ec;
  int looked_at = 0;
  for (fs::recursive_directory_iterator it(plan.data, ec), end; !ec && it != end; it.increment(ec)) {
    if (!for_everybody(it->path())) return false;
    if (++looked_at > kMaxFilesLookedAt) break;
  }
  return for_everybody(plan.data);
}

Result<void> empty_folder(const fs::path& folder, std::uint32_t user) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) return fail(Error(ec, fmt::format("cannot make the folder {}", folder.string())));
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
    std::error_code removed;
    fs::remove_all(it->path(), removed);
    if (removed) return fail(Error(removed, fmt::format("cannot remove {}", it->path().string())));
  }
  if (ec) return fail(Error(ec, fmt::format("cannot look into {}", folder.string())));
  if (::chmod(folder.c_str(), 0700) != 0) return fail_errno(errno, fmt::format("cannot chmod {}", folder.string()));
  if (::geteuid() == 0 && ::chown(folder.c_str(), user, user) != 0)
    return fail_errno(errno, fmt::format("cannot give {} to the engine's user", folder.string()));
  return {};
}

std::string find_obstacle(const EngineSpec& spec, const SupervisorOptions& options, const LaunchPlan& plan,
                          const Result<PackRoot>& pack, const fs::path& program) {
  const Manifest& manifest = spec.manifest;
  if (!spec.settings.enabled)
    return fmt::format("it is switched off; set engines.{}.enabled: true in hearth.yaml to use it", manifest.name);
  if (options.sandbox == SandboxMode::required && !options.containment.isolated())
    return fmt::format("{}; or set engines.sandbox: best_effort to run engines without a sandbox",
                       options.containment.problem);
  if (!manifest.pack.empty() && !options.containment.isolated())
    return fmt::format("it runs in the pack {}, which takes a sandbox: {}", manifest.pack, options.containment.problem);
  if (!manifest.pack.empty() && !pack.has_value()) return pack.error().message();
  if (::access(program.c_str(), X_OK) != 0)
    return manifest.program_in_pack
               ? fmt::format(
                     "the pack {} has no program {}; hearthd makes it again by itself, or now: hearth engines install "
                     "{}",
                     manifest.pack, manifest.program.string(), manifest.pack)
               : fmt::format("its program {} is not there; build or install it", manifest.program.string());
  std::error_code ec;
  if (!fs::exists(manifest.data, ec))
    return fmt::format("its data {} is not there; build or install it", manifest.data.string());
  if (socket_path(plan).string().size() > kMaxSocketPath)
    return fmt::format(
        "the path of its socket, {}, is longer than {} characters; use a shorter --data or HEARTH_RUNTIME",
        socket_path(plan).string(), kMaxSocketPath);
  return {};
}

}  // namespace

std::uint32_t engine_user(std::string_view name) {
  return kFirstUser + fnv1a(name) % kUsers;
}

fs::path socket_path(const LaunchPlan& plan) {
  return plan.socket_folder / "engine.sock";
}

std::vector<std::string> engine_arguments(const Manifest& manifest, const LaunchPlan& plan, std::uint32_t slots) {
  const std::array<std::pair<std::string_view, std::string>, 5> values{{{"{data}", plan.data.string()},
                                                                        {"{scratch}", plan.scratch.string()},
                                                                        {"{socket}", socket_path(plan).string()},
                                                                        {"{threads}", std::to_string(plan.threads)},
                                                                        {"{slots}", std::to_string(slots)}}};
  const bool foreign = std::ranges::any_of(
      manifest.args, [](const std::string& arg) { return arg.find("{socket}") != std::string::npos; });
  std::vector<std::string> args;
  if (!foreign) args = {"--socket", "{socket}", "--data", "{data}", "--scratch", "{scratch}", "--threads", "{threads}"};
  args.insert(args.end(), manifest.args.begin(), manifest.args.end());
  for (std::string& arg : args) {
    for (const auto& [name, value] : values) replace_all(arg, name, value);
  }
  return args;
}

Terms make_terms(const EngineSpec& spec, const SupervisorOptions& options) {
  const Manifest& manifest = spec.manifest;
  const EngineSettings& settings = spec.settings;
  const std::uint32_t cpus = std::max(1U, options.cpus);
  Terms terms;
  const std::uint32_t places = std::max(1U, settings.concurrency.value_or(manifest.concurrency.value_or(cpus)));
  terms.slots = places + manifest.ahead;
  terms.queue = settings.queue.value_or(manifest.queue);
  terms.lifetimes = {.start_deadline = manifest.start_deadline,
                     .idle_stop = settings.idle_stop.value_or(manifest.idle_stop),
                     .keep_warm = settings.keep_warm};
  LaunchPlan& plan = terms.plan;
  plan.name = manifest.name;
  plan.program = manifest.program;
  const Result<PackRoot> pack = manifest.pack.empty() ? PackRoot{} : current_pack(options.packs, manifest.pack);
  if (!manifest.pack.empty() && pack && !is_host(*pack)) plan.pack = *pack;
  plan.folder = manifest.folder;
  plan.data = manifest.data;
  plan.binds = manifest.binds;
  plan.scratch = options.runtime / "scratch" / manifest.name;
  plan.socket_folder = options.runtime / "engines" / manifest.name;
  plan.threads = std::clamp(settings.threads.value_or(spec.threads.value_or(cpus)), 1U, 256U);
  plan.limits.data = settings.memory.value_or(manifest.memory);
  terms.memory = manifest.reserve == 0 ? plan.limits.data : std::min(manifest.reserve, plan.limits.data);
  // Recordings reach transcription through the media engine.
  const auto interactive = [](const Model& m) {
    return m.task == Task::speech || m.task == Task::transcription || m.task == Task::media;
  };
  if (std::ranges::any_of(manifest.models, interactive)) terms.lane = Lane::interactive;
  plan.args = engine_arguments(manifest, plan, places);
  // Where the program lies outside of the sandbox.
  const fs::path program =
      manifest.program_in_pack && plan.pack ? plan.pack->path / manifest.program.relative_path() : manifest.program;
  terms.obstacle = find_obstacle(spec, options, plan, pack, program);

  Containment containment = options.containment;
  if (options.sandbox == SandboxMode::off) containment = without_sandbox(containment);
  if (containment.level == Containment::Level::root && containment.separate_user && readable_by_others(plan, program))
    plan.user_id = engine_user(manifest.name);
  if (plan.pack) {
    plan.as_user = as_user_program();
    if (::access(plan.as_user.c_str(), X_OK) != 0) plan.user_id = 0;
  }
  if (plan.user_id == 0) containment.separate_user = false;
  terms.containment = std::move(containment);
  return terms;
}

Result<void> prepare_folders(const LaunchPlan& plan) {
  const std::uint32_t user = plan.user_id;
  HEARTH_TRY(empty_folder(plan.scratch, user));
  return empty_folder(plan.socket_folder, user);
}

}  // namespace hearth::engines
