#include "pack_image.h"

#include "run_tool.h"

#include <hearth/core/paths.h>
#include <hearth/egress/blob.h>
#include <hearth/egress/registry.h>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxLayers = 127;  // Docker's own limit
constexpr Millis kUnpackTime{1'800'000};
constexpr std::uint64_t kUnpackMemory = std::uint64_t{1} << 30U;
constexpr std::uint64_t kMaxEntries = 500'000;
// On these the sandbox mounts things; a link there would lead them elsewhere.
constexpr std::array kMountPoints{"usr/libexec/hearth/engines", "usr/local/libexec/hearth/engines", "etc"};

std::string own_arch() {
#ifdef __aarch64__
  return "arm64";
#else
  return "amd64";
#endif
}

class RegistrySource final : public ImageSource {
 public:
  RegistrySource(std::unique_ptr<egress::Http> http, egress::ImageName image, std::string arch, std::stop_token stop)
      : http_(std::move(http)),
        image_(std::move(image)),
        arch_(std::move(arch)),
        asking_{.http = *http_, .budget = budget_, .retrying = {}, .stop = std::move(stop)},
        registry_(asking_, image_) {}

  [[nodiscard]] std::string name() const override { return egress::to_string(image_); }

  Result<PackLock> resolve(const std::string& pack) override {
    const auto about = [&](const Error& error) {
      return fail(error.wrap(fmt::format("the image {} cannot be used", name())));
    };
    auto found = registry_.manifest(image_.reference);
    if (!found) return about(found.error());
    const std::string digest = found->digest;
    if (found->manifest.manifests.empty()) {
      const auto fits = check_platform(found->manifest);
      if (!fits) return about(fits.error());
    } else {
      const auto chosen = egress::choose_platform(found->manifest, arch_);
      if (!chosen) return about(chosen.error());
      found = registry_.manifest(*chosen);
      if (!found) return about(found.error());
    }
    PackLock lock{.name = pack, .origin = "oci", .suite = name(), .arch = arch_, .image = digest, .files = {}};
    for (const egress::Descriptor& layer : found->manifest.layers) {
      if (layer.media_type.find("tar") == std::string::npos)
        return about(Error(Errc::unsupported, fmt::format("it is no container image: a layer is of the kind \"{}\"",
                                                          layer.media_type.substr(0, 100))));
      lock.files.push_back({.package = fmt::format("layer-{:03}", lock.files.size()),
                            .version = "tar",
                            .arch = arch_,
                            .size = layer.bytes,
                            .sha256 = layer.sha256,
                            .file = fmt::format("{}.layer", layer.sha256)});
    }
    if (lock.files.empty() || lock.files.size() > kMaxLayers)
      return about(Error(Errc::unsupported, fmt::format("it has {} layers", lock.files.size())));
    return lock;
  }

  Result<void> fetch(const PackLock& lock, const fs::path& folder, const OnFraction& progress) override {
    std::uint64_t total = 0;
    for (const PackFile& file : lock.files) total += file.size;
    std::uint64_t before = 0;
    for (const PackFile& file : lock.files) {
      std::error_code ec;
      if (!fs::exists(folder / file.file, ec)) {
        egress::Blob blob{.url = registry_.blob_url(file.sha256),
                          .bearer = registry_.bearer(),
                          .sha256 = file.sha256,
                          .bytes = file.size,
                          .label = fmt::format("{} of {}", file.package, egress::to_string(image_))};
        // Which also fetches the first one, for a registry that was not asked for the manifest.
        blob.renew_bearer = [this](std::string_view challenge) { return registry_.renew_bearer(challenge); };
        HEARTH_TRY(egress::fetch_blob(asking_, std::move(blob), folder / file.file, [&](std::uint64_t done) {
          progress(static_cast<double>(before + done) / static_cast<double>(std::max<std::uint64_t>(total, 1)), total);
        }));
      }
      before += file.size;
    }
    return {};
  }

 private:
  // A manifest without an index says in its configuration what it is for.
  Result<void> check_platform(const egress::ImageManifest& manifest) {
    if (manifest.config.empty()) return fail(Errc::unsupported, "it is no container image: it has no configuration");
    HEARTH_TRY_ASSIGN(const std::string text, registry_.document(manifest.config));
    HEARTH_TRY_ASSIGN(const egress::Platform platform, egress::parse_image_config(text));
    if (platform.os == "linux" && platform.architecture == arch_) return {};
    return fail(Errc::not_found,
                fmt::format("it is for {}/{}, and this takes linux/{}", platform.os, platform.architecture, arch_));
  }

  std::unique_ptr<egress::Http> http_;
  egress::ImageName image_;
  std::string arch_;
  egress::RetryBudget budget_{egress::RetryPolicy{}};
  egress::Asking asking_;
  egress::Registry registry_;
};

Error explain(const ToolResult& result) {
  std::string said = result.errors;
  while (!said.empty() && said.back() == '\n') said.pop_back();
  said.erase(0, said.rfind('\n') + 1);
  const Errc code = result.status.code == 2   ? Errc::corrupt
                    : result.status.code == 3 ? Errc::too_large
                    : result.status.code == 4 ? Errc::resource_exhausted
                                              : Errc::io_error;
  return {code, said.empty() ? fmt::format("hearth-unpack {}", result.status.describe()) : said};
}

struct Used {
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
};

// What hearth-unpack prints.
Result<Used> parse_used(std::string_view text) {
  Used used;
  const auto number = [&text](std::uint64_t& into) {
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), into);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(' ')) text.remove_prefix(1);
    return ec == std::errc();
  };
  if (number(used.bytes) && number(used.entries)) return used;
  return fail(Errc::internal, "hearth-unpack did not say what it did");
}

// One layer over the others. What it took.
Result<Used> unpack_one(const fs::path& layer, const fs::path& root, Used most, const Containment& containment,
                        const std::stop_token& stop) {
  LaunchPlan plan;
  plan.name = "unpack";
  plan.program = engines_dir() / "hearth-unpack";
  plan.args = {layer.string(), root.string(), std::to_string(most.bytes), std::to_string(most.entries)};
  plan.binds = {plan.program};
  plan.folder = plan.data = layer.parent_path();
  plan.scratch = plan.socket_folder = root;
  plan.limits.data = kUnpackMemory;
  plan.limits.file = most.bytes;
  HEARTH_TRY_ASSIGN(const Fd filter, seccomp_filter());
  const Tool tool{.command = command_line(plan, containment),
                  .environment = environment(plan),
                  .time = kUnpackTime,
                  .stop = stop,
                  .inherit = {{filter.get(), kSeccompFd}},
                  .limits = plan.limits};
  HEARTH_TRY_ASSIGN(const ToolResult result, run_tool(tool));
  if (!result.status.clean()) return fail(explain(result));
  return parse_used(result.output);
}

bool is_folder(const fs::path& path) {
  std::error_code ec;
  return fs::symlink_status(path, ec).type() == fs::file_type::directory;
}

// A folder that is there or can be made without following any link below `root`; false: something else is there.
bool make_real_folder(const fs::path& root, const fs::path& inside) {
  fs::path at = root;
  for (const fs::path& part : inside) {
    at /= part;
    std::error_code ec;
    if (!fs::exists(fs::symlink_status(at, ec))) {
      if (!fs::create_directory(at, ec)) return false;
      ::chmod(at.c_str(), 0755);
    }
    if (!is_folder(at)) return false;
  }
  return true;
}

// Is there a file, with no link on the way?
bool has_real_file(const fs::path& root, const fs::path& inside) {
  fs::path at = root;
  for (const fs::path& part : inside.parent_path()) {
    at /= part;
    if (!is_folder(at)) return false;
  }
  std::error_code ec;
  return fs::symlink_status(root / inside, ec).type() == fs::file_type::regular;
}

}  // namespace

Result<std::unique_ptr<ImageSource>> ImageSource::open(const std::string& image, const std::string& arch,
                                                       egress::Connect connect, std::stop_token stop) {
  HEARTH_TRY_ASSIGN(egress::ImageName name, egress::parse_image_name(image));
  egress::HttpOptions options;
  options.connect = std::move(connect);
  HEARTH_TRY_ASSIGN(auto http, egress::Http::start(std::move(options)));
  return std::make_unique<RegistrySource>(std::move(http), std::move(name), arch.empty() ? own_arch() : arch,
                                          std::move(stop));
}

Result<void> unpack_image(const PackLock& lock, const fs::path& folder, const fs::path& root, std::uint64_t bytes,
                          const Containment& containment, const OnFraction& progress, const std::stop_token& stop) {
  if (!containment.isolated())
    return fail(Errc::failed_precondition, fmt::format("images take a sandbox: {}", containment.problem));
  if (::access((engines_dir() / "hearth-unpack").c_str(), X_OK) != 0)
    return fail(Errc::not_found, fmt::format("{} is not there, which unpacks images; build or install it",
                                             (engines_dir() / "hearth-unpack").string()));
  Used left{.bytes = bytes, .entries = kMaxEntries};
  double done = 0;
  for (const PackFile& layer : lock.files) {
    progress(done++ / static_cast<double>(lock.files.size()), layer.size);
    auto used = unpack_one(folder / layer.file, root, left, containment, stop);
    if (!used) return fail(used.error().wrap(fmt::format("{} of {} cannot be unpacked", layer.package, lock.suite)));
    left.bytes -= std::min(left.bytes, used->bytes);
    left.entries -= std::min(left.entries, used->entries);
  }
  progress(1, 0);
  return {};
}

Result<void> fit_out_image(const fs::path& root, const Recipe& recipe) {
  for (const char* folder : kMountPoints) {
    if (!make_real_folder(root, folder))
      return fail(Errc::unsupported, fmt::format("the image has a link or a file at /{} or above it, where an engine's "
                                                 "sandbox needs a folder",
                                                 folder));
  }
  if (recipe.canary_program.empty()) return {};
  const fs::path usual = fs::path(recipe.canary_program.front()).relative_path();
  std::error_code ec;
  if (!make_real_folder(root, usual.parent_path()) || fs::exists(fs::symlink_status(root / usual, ec))) return {};
  for (const std::string& other : recipe.elsewhere) {
    if (!has_real_file(root, fs::path(other).relative_path())) continue;
    fs::create_symlink(other, root / usual, ec);
    if (ec) return fail(Error(ec, fmt::format("cannot make the link {}", (root / usual).string())));
    break;
  }
  return {};
}

}  // namespace hearth::engines
