#include "private_apt.h"

#include <hearth/core/file.h>
#include <hearth/core/paths.h>
#include <hearth/egress/destination.h>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr Millis kQuick{120'000};
constexpr Millis kFetch{3'600'000};  // apt itself gives up on a server that stalls
constexpr const char* kAptGet = "/usr/bin/apt-get";
constexpr const char* kAptCache = "/usr/bin/apt-cache";
constexpr const char* kAptConfig = "/usr/bin/apt-config";
constexpr const char* kDpkg = "/usr/bin/dpkg";
constexpr const char* kFallbackMirror = "http://deb.debian.org/debian";

using Environment = std::vector<std::pair<std::string, std::string>>;

Environment environment(const fs::path& home) {
  Environment env{{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LANG", "C.UTF-8"}, {"HOME", home.string()}};
  for (const char* name :
       {"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "TMPDIR"}) {
    if (const char* value = std::getenv(name); value != nullptr) env.emplace_back(name, value);
  }
  return env;
}

fs::path via_program() {
  return engines_dir() / "hearth-via";
}

Result<std::string> ask(std::vector<std::string> command, const fs::path& home, const std::stop_token& stop) {
  const std::string program = command.front();
  const Tool tool{.command = std::move(command), .environment = environment(home), .time = kQuick, .stop = stop};
  HEARTH_TRY_ASSIGN(ToolResult result, run_tool(tool));
  if (!result.status.clean())
    return fail(Errc::io_error, fmt::format("{} {}: {}", program, result.status.describe(), result.errors));
  return std::move(result.output);
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec) return fail(Error(ec, fmt::format("cannot make the folder {}", folder.string())));
  return {};
}

// Into apt's files no character goes that could end a value.
bool plain(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n\"'\\[];#") == std::string_view::npos;
}

// The command, where it has no network but the proxy, reads the host's programs and settings, and writes into one
// folder.
std::vector<std::string> contained(std::vector<std::string> command, const AptNetwork& network,
                                   const fs::path& keyring) {
  std::vector<std::string> all{network.bubblewrap.string()};
  const auto add = [&all](const auto&... words) { (all.emplace_back(words), ...); };
  const auto bind = [&add](const char* how, const fs::path& path) { add(how, path.string(), path.string()); };
  for (const char* path : {"/usr", "/etc"}) bind("--ro-bind", path);
  for (const char* name : {"bin", "sbin", "lib", "lib32", "lib64"})
    add("--symlink", fmt::format("usr/{}", name), fmt::format("/{}", name));
  add("--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp");
  bind("--ro-bind-try", keyring);
  bind("--bind", network.writable);
  bind("--ro-bind", network.proxy);
  bind("--ro-bind", via_program());
  add("--unshare-net", "--unshare-pid", "--unshare-ipc", "--cap-drop", "ALL", "--die-with-parent", "--new-session",
      "--");
  add(via_program().string(), network.proxy.string());
  if (!network.through.empty()) add(network.through);
  add("--");
  std::ranges::move(command, std::back_inserter(all));
  return all;
}

// The host's proxy settings and the like: the host's way to the net is ours.
Result<std::string> host_transport(const fs::path& home, const std::stop_token& stop) {
  HEARTH_TRY_ASSIGN(const std::string dump, ask({kAptConfig, "dump", "Acquire"}, home, stop));
  std::string kept;
  std::size_t at = 0;
  while (at < dump.size()) {
    const std::size_t end = std::min(dump.find('\n', at), dump.size());
    const std::string_view line(dump.data() + at, end - at);
    if (line.starts_with("Acquire::http::") || line.starts_with("Acquire::https::")) kept.append(line).push_back('\n');
    at = end + 1;
  }
  return kept;
}

// Where there is no network but the gate's proxy, a proxy of the host's is reached through it.
Result<void> lead_through_gate(AptNetwork& network, std::string& transport) {
  const std::string proxy = take_host_proxy(transport);
  if (proxy.empty()) return {};
  HEARTH_TRY_ASSIGN(const egress::Destination to, egress::destination_of(egress::Purpose::pack, proxy, "apt"));
  network.through = to.host.find(':') == std::string::npos ? fmt::format("{}:{}", to.host, to.port)
                                                           : fmt::format("[{}]:{}", to.host, to.port);
  if (network.names) network.names(proxy);
  return {};
}

Result<void> write_settings(const fs::path& folder, const PackSource& source, const std::string& transport) {
  for (const char* part : {"lists/partial", "cache", "empty/partial", "log"}) {
    HEARTH_TRY(make_folder(folder / part));
  }
  HEARTH_TRY(write_file_atomic(folder / "status", ""));
  HEARTH_TRY(
      write_file_atomic(folder / "sources.list",
                        fmt::format("deb [signed-by={} check-valid-until={}] {} {} main\n", source.keyring.string(),
                                    source.check_valid_until ? "yes" : "no", source.mirror, source.suite)));
  const std::string d = folder.string();
  // The host's settings are left out (Dir), but for its way to the net; of the host's other files none is looked at.
  const std::string text = fmt::format(
      "Dir \"{0}\";\n"
      "Dir::State \"{0}\";\nDir::State::lists \"{0}/lists/\";\nDir::State::status \"{0}/status\";\n"
      "Dir::Cache \"{0}/cache\";\nDir::Cache::archives \"{0}/empty/\";\nDir::Log \"{0}/log\";\n"
      "Dir::Etc \"{0}\";\nDir::Etc::SourceList \"{0}/sources.list\";\nDir::Etc::SourceParts \"/dev/null\";\n"
      "Dir::Etc::Parts \"/dev/null\";\nDir::Etc::PreferencesParts \"/dev/null\";\nDir::Etc::TrustedParts "
      "\"/dev/null\";\n"
      "APT::Architecture \"{1}\";\nAPT::Architectures {{ \"{1}\"; }};\n"
      "APT::Install-Recommends \"false\";\nAPT::Sandbox::User \"root\";\nAPT::Update::Error-Mode \"any\";\n"
      "Acquire::Languages \"none\";\nAcquire::ForceHash \"SHA256\";\nAcquire::Retries \"2\";\n"
      "Acquire::http::Timeout \"30\";\nAcquire::https::Timeout \"30\";\n"
      // The index is kept as it was fetched, and no cache is made of it: a tenth of the space.
      "Acquire::GzipIndexes \"true\";\nDir::Cache::pkgcache \"\";\nDir::Cache::srcpkgcache \"\";\n"
      "Acquire::AllowInsecureRepositories \"false\";\nAcquire::AllowWeakRepositories \"false\";\n"
      "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n"
      "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled \"false\";\n",
      d, source.arch);
  return write_file_atomic(folder / "apt.conf", transport + text);
}

// A name may depend on the mirror: lists of one are not another's.
Result<void> forget_other_source(const fs::path& folder, const PackSource& source) {
  const std::string mark = fmt::format("{} {} {}\n", source.mirror, source.suite, source.arch);
  const auto before = read_file(folder / "source", 4096);
  if (before && *before == mark) return {};
  std::error_code ec;
  fs::remove_all(folder / "lists", ec);
  fs::remove_all(folder / "cache", ec);
  if (ec) return fail(Error(ec, fmt::format("cannot remove {}", (folder / "lists").string())));
  HEARTH_TRY(make_folder(folder));
  return write_file_atomic(folder / "source", mark);
}

}  // namespace

Result<PrivateApt> PrivateApt::open(fs::path folder, const PackSource& given, AptNetwork network,
                                    std::stop_token stop) {
  const bool through_proxy = !network.proxy.empty();
  if (through_proxy && network.bubblewrap.empty())
    return fail(Errc::failed_precondition, "packs from Debian take a sandbox; `hearth engines` says why there is none");
  if (through_proxy && ::access(via_program().c_str(), X_OK) != 0)
    return fail(Errc::not_found, fmt::format("{} is not there, which gives apt its network; build or install it",
                                             via_program().string()));
  for (const char* program : {kAptGet, kAptCache, kAptConfig, kDpkg, "/usr/bin/dpkg-deb"}) {
    if (::access(program, X_OK) != 0)
      return fail(Errc::not_found,
                  fmt::format("{} is missing: packs from Debian take apt and dpkg; use --from system", program));
  }
  PackSource source = given;
  HEARTH_TRY(make_folder(folder));
  if (source.mirror.empty()) {
    HEARTH_TRY_ASSIGN(const std::string targets,
                      ask({kAptGet, "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"}, folder, stop));
    source.mirror = find_mirror(targets);
    if (source.mirror.empty()) source.mirror = kFallbackMirror;
    if (network.names) network.names(source.mirror);
  }
  if (source.arch.empty()) {
    HEARTH_TRY_ASSIGN(source.arch, ask({kDpkg, "--print-architecture"}, folder, stop));
    while (!source.arch.empty() && source.arch.back() == '\n') source.arch.pop_back();
  }
  if (!plain(source.mirror) || !plain(source.suite) || !plain(source.arch) || !plain(source.keyring.string()))
    return fail(Errc::invalid_argument, "packs.mirror, packs.suite and packs.keyring may hold no blanks or quotes");
  if (folder.string().find('"') != std::string::npos)
    return fail(Errc::invalid_argument, "the data folder's path may hold no quotes");
  if (::access(source.keyring.c_str(), R_OK) != 0)
    return fail(Errc::not_found, fmt::format("the keyring {} is not there, so nothing could be verified; "
                                             "apt install debian-archive-keyring, or set packs.keyring",
                                             source.keyring.string()));
  HEARTH_TRY(forget_other_source(folder, source));
  HEARTH_TRY_ASSIGN(std::string transport, host_transport(folder, stop));
  if (through_proxy) {
    HEARTH_TRY(lead_through_gate(network, transport));
  }
  HEARTH_TRY(write_settings(folder, source, transport));
  return PrivateApt(std::move(folder), std::move(source), std::move(network), std::move(stop));
}

Result<ToolResult> PrivateApt::apt(std::vector<std::string> arguments, Millis time,
                                   std::function<void(std::string_view)> on_status) {
  Tool tool{.command = std::move(arguments), .environment = environment(folder_), .time = time, .stop = stop_};
  if (!network_.proxy.empty()) {
    tool.command = contained(std::move(tool.command), network_, source_.keyring);
    std::erase_if(tool.environment, [](const auto& variable) { return variable.first == "TMPDIR"; });
    tool.environment.emplace_back("TMPDIR", folder_.string());
  }
  tool.environment.emplace_back("APT_CONFIG", (folder_ / "apt.conf").string());
  tool.on_status = std::move(on_status);
  HEARTH_TRY_ASSIGN(ToolResult result, run_tool(tool));
  if (!result.status.clean()) return fail(explain_apt(result.errors, source_));
  return result;
}

Result<void> PrivateApt::update() {
  HEARTH_TRY(apt({kAptGet, "-q", "update"}, kFetch));
  return {};
}

Result<std::vector<std::string>> PrivateApt::libraries_of(const std::string& package) {
  HEARTH_TRY_ASSIGN(const ToolResult result, apt({kAptCache, "depends", "--important", package}, kQuick));
  std::vector<std::string> names = parse_depends(result.output);
  std::erase_if(names, [](const std::string& name) { return name.ends_with("-dev"); });
  if (names.empty())
    return fail(Errc::not_found, fmt::format("{} in {} depends on no library any more", package, source_.suite));
  return names;
}

Result<std::vector<PackFile>> PrivateApt::resolve(const std::vector<std::string>& wanted) {
  std::vector<std::string> command{kAptGet, "-q", "-y", "--print-uris", "install", "--"};
  command.insert(command.end(), wanted.begin(), wanted.end());
  HEARTH_TRY_ASSIGN(const ToolResult result, apt(std::move(command), kQuick));
  return parse_uris(result.output);
}

Result<void> PrivateApt::download(const std::vector<std::string>& wanted, const fs::path& archives,
                                  const std::function<void(double)>& on_fraction) {
  HEARTH_TRY(make_folder(archives / "partial"));
  std::vector<std::string> command{kAptGet,  "-q",
                                   "-y",     "--download-only",
                                   "-o",     "APT::Status-Fd=3",
                                   "-o",     fmt::format("Dir::Cache::archives={}/", archives.string()),
                                   "install"};
  command.insert(command.end(), wanted.begin(), wanted.end());
  HEARTH_TRY(apt(std::move(command), kFetch, [&](std::string_view line) {
    if (const auto fraction = parse_download_status(line)) on_fraction(*fraction);
  }));
  return {};
}

}  // namespace hearth::engines
