#include <hearth/core/paths.h>
#include <hearth/engines/sandbox.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSharedMemory = "67108864";  // bytes in /dev/shm
constexpr std::string_view kTmp = "16777216";           // bytes in /tmp: what is larger belongs into scratch
constexpr std::string_view kNobody = "65534";
constexpr std::string_view kAsUser = "/run/hearth-as-user";  // where a pack's sandbox shows our program

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

bool is_below(const fs::path& path, const fs::path& parent) {
  const fs::path relative = path.lexically_relative(parent);
  return !relative.empty() && *relative.begin() != "..";
}

class Arguments {
 public:
  template <typename... Args>
  void add(const Args&... args) {
    (list_.emplace_back(args), ...);
  }
  void read_only(const fs::path& path) { bind("--ro-bind", path); }
  void read_only_at(const fs::path& path, const fs::path& place) { bind("--ro-bind", path, place); }
  void read_only_if_there(const fs::path& path) { bind("--ro-bind-try", path); }
  void writable(const fs::path& path) { bind("--bind", path); }
  std::vector<std::string> take() { return std::move(list_); }

 private:
  void bind(std::string_view how, const fs::path& path) { bind(how, path, path); }
  void bind(std::string_view how, const fs::path& path, const fs::path& place) {
    // Folders on the way that bubblewrap makes by itself only root may enter.
    const fs::path parent = place.parent_path();
    if (parent != "/" && !is_below(parent, "/usr") && made_.insert(parent).second)
      add("--perms", "0755", "--dir", parent.string());
    add(how, path.string(), place.string());
  }
  std::vector<std::string> list_;
  std::set<fs::path> made_;
};

void add_namespaces(Arguments& args, const Containment& containment, const LaunchPlan& plan) {
  args.add("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try");
  if (containment.level == Containment::Level::user_namespace)
    args.add("--unshare-user", "--uid", kNobody, "--gid", kNobody);
  args.add("--cap-drop", "ALL");
  if (containment.level == Containment::Level::root && plan.user_id != 0)
    args.add("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID");  // setpriv gives them up at once
  args.add("--hostname", plan.name, "--die-with-parent", "--new-session");
}

constexpr std::array<std::string_view, 5> kMerged{"bin", "sbin", "lib", "lib32", "lib64"};

void link_into_usr(Arguments& args, std::string_view name) {
  args.add("--symlink", fmt::format("usr/{}", name), fmt::format("/{}", name));
}

void add_host_system(Arguments& args) {
  args.read_only("/usr");
  for (const std::string_view name : kMerged) link_into_usr(args, name);
  // The linker's cache, libraries that Debian lets one choose (BLAS), the time zone. Nothing else of /etc.
  for (const char* path : {"/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"}) args.read_only_if_there(path);
}

// / itself stays a file system of the sandbox's own, so that the engine's folders can be shown in it.
void add_pack(Arguments& args, const PackRoot& pack) {
  for (const std::string& folder : pack.folders) args.read_only_at(pack.path / folder, fs::path("/") / folder);
  for (const std::string_view name : kMerged) {
    if (std::ranges::find(pack.folders, name) == pack.folders.end()) link_into_usr(args, name);
  }
}

void add_system(Arguments& args, const std::optional<PackRoot>& pack) {
  pack ? add_pack(args, *pack) : add_host_system(args);
  args.read_only_if_there("/sys/devices/system/cpu");  // libraries count processors there
  args.add("--proc", "/proc", "--dev", "/dev");
  args.add("--size", kSharedMemory, "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev");
  args.add("--size", kTmp, "--perms", "1777", "--tmpfs", "/tmp");
}

void add_folders(Arguments& args, const LaunchPlan& plan) {
  // Installed engines lie together below /usr: each sees only its own.
  const fs::path together = plan.folder.parent_path();
  const bool hide = is_below(together, "/usr") && together.filename() == "engines";
  if (hide) args.add("--tmpfs", together.string());
  for (const fs::path& path : plan.binds) args.read_only_if_there(path);
  args.read_only(plan.folder);
  if (!is_below(plan.data, plan.folder)) args.read_only(plan.data);
  if (hide) args.add("--remount-ro", together.string());
  args.writable(plan.scratch);
  args.writable(plan.socket_folder);
  // Not scratch: bubblewrap, by then without rights of its own, could not enter what belongs to the engine's user.
  args.add("--chdir", "/tmp", "--remount-ro", "/");
}

}  // namespace

std::vector<std::string> command_line(const LaunchPlan& plan, const Containment& containment) {
  Arguments args;
  if (containment.isolated()) {
    args.add(containment.bubblewrap.string());
    add_namespaces(args, containment, plan);
    add_system(args, plan.pack);
    const bool other_user = containment.level == Containment::Level::root && plan.user_id != 0;
    if (other_user && plan.pack) args.read_only_at(plan.as_user, kAsUser);
    add_folders(args, plan);
    args.add("--json-status-fd", std::to_string(kStatusFd), "--seccomp", std::to_string(kSeccompFd), "--");
    const std::string id = std::to_string(plan.user_id);
    if (other_user && plan.pack) args.add(kAsUser, id);
    if (other_user && !plan.pack)
      args.add("/usr/bin/setpriv", "--reuid", id, "--regid", id, "--clear-groups", "--inh-caps=-all", "--");
  }
  args.add(plan.program.string());
  for (const std::string& arg : plan.args) args.add(arg);
  return args.take();
}

std::vector<std::pair<std::string, std::string>> environment(const LaunchPlan& plan) {
  const std::string scratch = plan.scratch.string();
  std::vector<std::pair<std::string, std::string>> env{
      {"PATH", "/usr/bin:/bin"},
      {"HOME", scratch},
      {"TMPDIR", scratch},
      {"XDG_CACHE_HOME", scratch},
      {"LANG", "C.UTF-8"},
      {"OMP_NUM_THREADS", std::to_string(plan.threads)},
      // Engines share the processors: a thread that spins for long takes them from the one it waits for. One that
      // sleeps at once wakes too late: some microseconds of spinning cost neither (docs/engine-protocol.md).
      {"GOMP_SPINCOUNT", "1000"},
  };
  if constexpr (kSanitized) {
    for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"}) {
      const char* value = std::getenv(name);
      std::string options = value == nullptr ? "" : value;
      // The search for leaks at exit traces the process, which the system call filter refuses.
      if (name == std::string_view("ASAN_OPTIONS")) options += options.empty() ? "detect_leaks=0" : ":detect_leaks=0";
      if (!options.empty()) env.emplace_back(name, std::move(options));
    }
  }
  return env;
}

bool memory_limit_works() {
  return !kSanitized;
}

}  // namespace hearth::engines
