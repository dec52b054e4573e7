// What an engine may see and use: its own folder, a scratch folder, one socket folder, and no network.
//
// bubblewrap builds it from namespaces. As an ordinary user that takes a user namespace; as root none is needed, and
// the engine then runs as an unprivileged user id of its own. Where neither works, only resource limits are left.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/core/file.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hearth::engines {

enum class SandboxMode { required, best_effort, off };

struct Containment {
  enum class Level {
    user_namespace,  // bubblewrap in a user namespace
    root,            // bubblewrap started by root; the engine runs as an unprivileged user id
    limits,          // resource limits only: no isolation of files, processes or network
  };
  Level level = Level::limits;
  bool separate_user = false;        // at Level::root: the change of user works
  std::filesystem::path bubblewrap;  // empty at Level::limits
  std::filesystem::path groups;      // where engines get control groups (control_groups.h); empty: nowhere
  std::string problem;  // at Level::limits: why no sandbox could be started, and what to do about it, in one sentence
  // "sandboxed, in a control group of its own", …: what `hearth engines` shows.
  [[nodiscard]] std::string summary() const;
  [[nodiscard]] bool isolated() const noexcept { return level != Level::limits; }
};

// `found`, when engines are to run without one (SandboxMode::off): control groups stay. Pure.
Containment without_sandbox(const Containment& found);

// Really starts a sandbox and looks whether it holds. Blocking, some 10 ms; once, at start.
Containment probe_containment();

// What probe_containment() found out about this host, and the advice that follows from it. Pure, for tests.
struct HostFacts {
  bool bubblewrap_found = false;
  bool root = false;
  bool chroot = false;
  bool container = false;
  bool user_namespaces_off = false;     // user.max_user_namespaces = 0
  bool unprivileged_clone_off = false;  // kernel.unprivileged_userns_clone = 0
  bool apparmor_restricts = false;      // kernel.apparmor_restrict_unprivileged_userns = 1
  std::string said;                     // bubblewrap's own last words
};
std::string sandbox_remedy(const HostFacts& facts);

struct ResourceLimits {
  std::uint64_t data = 512ULL << 20;  // bytes of private memory (RLIMIT_DATA)
  std::uint64_t stack = 2ULL << 20;   // bytes a thread; each counts into `data`
  std::uint64_t file = 4ULL << 30;    // bytes of one file in scratch
  std::uint64_t open_files = 4096;
  std::uint64_t processes = 512;  // and threads, inside the sandbox
  int oom_score_adj = 500;        // on top of the daemon's: the kernel ends engines before the daemon
  int nice = 5;                   // on top of the daemon's: it answers while engines compute
};

// The root file system of an engine pack (docs/packs.md), as an engine that runs in it sees it.
struct PackRoot {
  std::string id;                    // "llama.cpp-0123456789ab": the version in use
  std::filesystem::path path;        // the folder that stands for /
  std::vector<std::string> folders;  // those of its top-level folders that are shown: usr, etc, …
};

// Everything one start of one engine is made of.
struct LaunchPlan {
  std::string name;
  std::optional<PackRoot> pack = std::nullopt;  // instead of the host's /usr
  std::filesystem::path program;
  std::vector<std::string> args;
  std::filesystem::path folder;              // read-only
  std::filesystem::path data;                // read-only
  std::vector<std::filesystem::path> binds;  // read-only
  std::filesystem::path scratch;             // writable
  std::filesystem::path socket_folder;       // writable; the socket is made in it
  std::uint32_t threads = 1;
  ResourceLimits limits;
  std::uint32_t user_id = 0;  // at Level::root: what the engine runs as; 0: root without any capability
  // Changes the user inside a pack, which has no setpriv: our hearth-as-user, outside.
  std::filesystem::path as_user;
};

inline constexpr int kStatusFd = 3;   // bubblewrap reports the sandbox's first process here
inline constexpr int kSeccompFd = 4;  // and reads the system call filter from here

// The command line that runs `plan` contained as `containment` says. Pure.
std::vector<std::string> command_line(const LaunchPlan& plan, const Containment& containment);
// The environment the engine gets, the same with and without a sandbox. Pure.
std::vector<std::pair<std::string, std::string>> environment(const LaunchPlan& plan);
// A compiled system call filter for kSeccompFd: no sockets but Unix ones, no ptrace, mounts, namespaces, modules, keys,
// BPF or io_uring. io_error.
Result<Fd> seccomp_filter();

}  // namespace hearth::engines
