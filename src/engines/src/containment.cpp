#include "spawn.h"

#include <hearth/core/clock.h>
#include <hearth/engines/sandbox.h>

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr Millis kProbeTime{5'000};
constexpr std::size_t kMaxOutput = 4096;
constexpr std::uint32_t kProbeUser = 65534;

fs::path find_bubblewrap() {
  for (const char* path : {"/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return {};
}

bool reads(const char* path, std::string_view wanted) {
  const auto text = read_file(path, 64);
  return text && std::string_view(*text).substr(0, text->find_last_not_of('\n') + 1) == wanted;
}

bool in_chroot() {
  struct stat ours{};
  struct stat first{};
  if (::stat("/", &ours) != 0 || ::stat("/proc/1/root/", &first) != 0) return false;
  return ours.st_dev != first.st_dev || ours.st_ino != first.st_ino;
}

HostFacts look_at_host() {
  HostFacts facts;
  facts.bubblewrap_found = !find_bubblewrap().empty();
  facts.root = ::geteuid() == 0;
  facts.chroot = in_chroot();
  for (const char* mark : {"/.dockerenv", "/run/.containerenv", "/run/systemd/container"})
    facts.container = facts.container || ::access(mark, F_OK) == 0;
  facts.user_namespaces_off = reads("/proc/sys/user/max_user_namespaces", "0");
  facts.unprivileged_clone_off = reads("/proc/sys/kernel/unprivileged_userns_clone", "0");
  facts.apparmor_restricts = reads("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1");
  return facts;
}

// What a program wrote until it ended, or until the time was up (then it is killed).
struct Output {
  bool clean = false;
  std::string text;
};

Output collect(Child child, Fd output) {
  Output result;
  const Deadline deadline = Deadline::in(kProbeTime);
  std::array<char, 512> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  for (;;) {
    const auto left = std::chrono::ceil<Millis>(deadline.time() - steady_now());
    pollfd wait{output.get(), POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(std::max(Millis(0), left).count())) <= 0) break;
    const ssize_t n = ::read(output.get(), buffer.data(), buffer.size());
    if (n <= 0) break;
    if (result.text.size() < kMaxOutput) result.text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  if (deadline.passed()) ::kill(child.pid, SIGKILL);
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  result.clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  while (!result.text.empty() && result.text.back() == '\n') result.text.pop_back();
  return result;
}

class ProbeFolder {
 public:
  ProbeFolder() {
    std::string name = (fs::temp_directory_path(ec_) / "hearth-probe-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ProbeFolder() {
    if (!path_.empty()) fs::remove(path_, ec_);
  }
  ProbeFolder(const ProbeFolder&) = delete;
  ProbeFolder& operator=(const ProbeFolder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  std::error_code ec_;
  fs::path path_;
};

Result<Output> run_in_sandbox(const Containment& candidate, const fs::path& folder) {
  LaunchPlan plan;
  plan.name = "probe";
  plan.program = "/usr/bin/readlink";
  plan.args = {"/proc/self/ns/net", "/proc/self/ns/pid"};
  plan.folder = plan.data = "/usr/share";
  plan.scratch = plan.socket_folder = folder;
  plan.user_id = candidate.separate_user ? kProbeUser : 0;
  HEARTH_TRY_ASSIGN(Pipe output, make_pipe());
  HEARTH_TRY_ASSIGN(const Fd filter, seccomp_filter());
  HEARTH_TRY_ASSIGN(const Pipe input, make_pipe());
  HEARTH_TRY_ASSIGN(const Pipe status, make_pipe());
  HEARTH_TRY_ASSIGN(Child child, spawn_child({.command = command_line(plan, candidate),
                                              .environment = environment(plan),
                                              .inherit = {{input.read.get(), STDIN_FILENO},
                                                          {output.write.get(), STDOUT_FILENO},
                                                          {output.write.get(), STDERR_FILENO},
                                                          {status.write.get(), kStatusFd},
                                                          {filter.get(), kSeccompFd}},
                                              .limits = std::nullopt,
                                              .processes = std::nullopt,
                                              .group = -1}));
  output.write.reset();
  return collect(std::move(child), std::move(output.read));
}

// Does a program run in it, and with a network and process ids of its own? If not, why.
Result<void> try_out(const Containment& candidate, const fs::path& folder) {
  HEARTH_TRY_ASSIGN(const Output output, run_in_sandbox(candidate, folder));
  if (!output.clean) return fail(Errc::failed_precondition, output.text.substr(0, 300));
  for (const char* ns : {"/proc/self/ns/net", "/proc/self/ns/pid"}) {
    std::error_code ec;
    const std::string ours = fs::read_symlink(ns, ec).string();
    if (ec || output.text.find(ours) != std::string::npos || output.text.find(':') == std::string::npos)
      return fail(Errc::failed_precondition, fmt::format("{} is the same inside and outside", ns));
  }
  return {};
}

}  // namespace

std::string Containment::summary() const {
  const std::string group = groups.empty() ? "" : ", in a control group of its own";
  switch (level) {
    case Level::user_namespace:
      return "sandboxed" + group;
    case Level::root:
      return (separate_user ? "sandboxed, as a user of its own" : "sandboxed, as root without capabilities") + group;
    case Level::limits:
      break;
  }
  return groups.empty() ? "resource limits only" : "resource limits" + group;
}

Containment without_sandbox(const Containment& found) {
  Containment none;
  none.groups = found.groups;
  return none;
}

std::string sandbox_remedy(const HostFacts& facts) {
  if (!facts.bubblewrap_found) return "bubblewrap is not installed; install it: apt install bubblewrap";
  const std::string reason = facts.said.empty()
                                 ? "bubblewrap cannot start a sandbox here"
                                 : fmt::format("bubblewrap cannot start a sandbox here ({})", facts.said);
  if (!facts.root && facts.unprivileged_clone_off)
    return reason + "; allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1";
  if (!facts.root && facts.user_namespaces_off)
    return reason + "; allow user namespaces: sysctl -w user.max_user_namespaces=10000";
  if (!facts.root && facts.apparmor_restricts)
    return reason +
           "; AppArmor restricts user namespaces: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, "
           "or give /usr/bin/bwrap a profile that allows them";
  if (!facts.root && facts.chroot)
    return reason + "; in a chroot only root can make namespaces: run hearthd as root there, or outside of it";
  if (facts.container)
    return reason +
           "; in a container, allow namespaces (docker run --security-opt seccomp=unconfined --security-opt "
           "apparmor=unconfined --security-opt systempaths=unconfined --cap-add SYS_ADMIN), or set "
           "engines.sandbox: best_effort and let the container be the sandbox";
  if (facts.chroot)
    return reason + "; in a chroot its root must be a mount point of its own: mount --bind ROOT ROOT before chroot";
  return reason + "; see that this kernel has user, network, process and mount namespaces";
}

Containment probe_containment() {
  HostFacts facts = look_at_host();
  std::vector<Containment> candidates;
  Containment candidate;
  candidate.bubblewrap = find_bubblewrap();
  if (facts.root) {
    candidate.level = Containment::Level::root;
    candidate.separate_user = true;
    candidates.push_back(candidate);
    candidate.separate_user = false;
    candidates.push_back(candidate);
  }
  candidate.level = Containment::Level::user_namespace;
  candidates.push_back(candidate);

  const ProbeFolder folder;
  if (facts.bubblewrap_found && !folder.path().empty()) {
    for (const Containment& c : candidates) {
      const auto held = try_out(c, folder.path());
      if (held) return c;
      if (facts.said.empty()) facts.said = held.error().message();
    }
  }
  Containment none;
  none.problem = sandbox_remedy(facts);
  return none;
}

}  // namespace hearth::engines
