#include "spawn.h"

#include "pidfd.h"
#include "starter.h"

#include <hearth/core/file.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

namespace hearth::engines {
namespace {

constexpr int kWorstOomScore = 1000;
constexpr int kFirstFree = 32;  // our copies of what is inherited are above all numbers the child uses

// What failed in the child, sent to the parent through a pipe that exec closes.
enum class Step : int { start, group, descriptors, limits, run };
constexpr std::array<const char*, 5> kSteps{"start", "find a control group for", "arrange the descriptors of", "limit",
                                            "run"};
struct Failure {
  int err = 0;
  Step step = Step::start;
};

// Prepared before the fork: the child may not allocate.
struct Prepared {
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::vector<std::string> env_text;
  std::vector<Inherit> inherit;
  std::vector<Fd> copies;
  std::string oom_score;
};

void set_limit(int which, std::uint64_t soft, std::uint64_t hard, bool& ok) {
  rlimit limit{soft, hard};
  rlimit now{};
  if (::getrlimit(static_cast<__rlimit_resource>(which), &now) == 0 && now.rlim_max < limit.rlim_max) {
    limit.rlim_max = now.rlim_max;  // raising it is not ours to do
    if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
  }
  if (::setrlimit(static_cast<__rlimit_resource>(which), &limit) != 0) ok = false;
}

bool apply(const ResourceLimits& limits, const std::optional<std::uint64_t>& processes) {
  bool ok = true;
  if (memory_limit_works()) {
    set_limit(RLIMIT_DATA, limits.data, limits.data, ok);
    set_limit(RLIMIT_STACK, limits.stack, limits.stack, ok);
  }
  set_limit(RLIMIT_FSIZE, limits.file, limits.file, ok);
  set_limit(RLIMIT_NOFILE, limits.open_files, limits.open_files, ok);
  set_limit(RLIMIT_CORE, 0, 0, ok);
  if (processes) set_limit(RLIMIT_NPROC, *processes, *processes, ok);
  ::signal(SIGXFSZ, SIG_IGN);  // a file that is too large is an error of the write, not the end of the engine
  return ok;
}

void reset_signals() {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

struct Forked {
  pid_t pid = -1;
  bool in_group = false;
};

enum class Kin { child, sibling };  // sibling: the child of our own parent

// As fork(). Into the group at once where that works: to move a process afterwards the kernel waits for all processors,
// some 10 ms. The C library does not know of it: what holds for the child of a process with threads holds all the more.
Forked fork_into(int group, Kin kin) {
  if (group >= 0) {
    clone_args args{};
    args.flags = CLONE_INTO_CGROUP | (kin == Kin::sibling ? CLONE_PARENT : 0);
    args.exit_signal = kin == Kin::sibling ? 0 : SIGCHLD;  // a sibling's is ours
    args.cgroup = static_cast<std::uint64_t>(group);
    const long pid = ::syscall(SYS_clone3, &args, sizeof args);
    if (pid >= 0) return {static_cast<pid_t>(pid), true};
    // A system call filter that cannot look into its arguments (systemd's RestrictNamespaces=) says ENOSYS.
    if (errno != ENOSYS && errno != EPERM) return {-1, false};
  }
  if (kin == Kin::child) return {::fork(), false};
  return {static_cast<pid_t>(::syscall(SYS_clone, CLONE_PARENT, 0, 0, 0, 0)), false};
}

bool enter_group(int group) {
  const int fd = ::openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  return fd >= 0 && ::write(fd, "0", 1) == 1 && ::close(fd) == 0;
}

// Only async-signal-safe calls from here on: another thread may have held any lock at the fork.
[[noreturn]] void run_child(const ChildSpec& spec, const Prepared& prepared, bool in_group, pid_t parent, int report) {
  const auto give_up = [&](Step step) {
    const Failure failure{errno, step};
    [[maybe_unused]] const ssize_t n = ::write(report, &failure, sizeof failure);
    ::_exit(127);
  };
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) {
    errno = ESRCH;
    give_up(Step::start);
  }
  if (spec.group >= 0 && !in_group && !enter_group(spec.group)) give_up(Step::group);
  ::setpgid(0, 0);  // Ctrl-C on the daemon's terminal is for the daemon, which then stops its engines in order
  reset_signals();
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0) give_up(Step::descriptors);
  for (const Inherit& fd : prepared.inherit) {
    if (::dup2(fd.ours, fd.theirs) < 0) give_up(Step::descriptors);
  }
  if (spec.limits) {
    if (!apply(*spec.limits, spec.processes)) give_up(Step::limits);
    // Best effort: a host that forbids these still runs engines.
    const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
      [[maybe_unused]] const ssize_t n = ::write(fd, prepared.oom_score.data(), prepared.oom_score.size());
      ::close(fd);
    }
    [[maybe_unused]] const int priority = ::nice(spec.limits->nice);
  }
  ::execve(prepared.argv[0], prepared.argv.data(), prepared.envp.data());
  give_up(Step::run);
  ::_exit(127);
}

int own_oom_score() {
  const auto text = read_file("/proc/self/oom_score_adj", 64);
  int score = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), score);
  return score;
}

Result<Prepared> prepare(const ChildSpec& spec) {
  Prepared prepared;
  // execve takes char* for historical reasons and does not write.
  for (const std::string& arg : spec.command) prepared.argv.push_back(const_cast<char*>(arg.c_str()));
  prepared.argv.push_back(nullptr);
  for (const auto& [name, value] : spec.environment) prepared.env_text.push_back(fmt::format("{}={}", name, value));
  for (std::string& entry : prepared.env_text) prepared.envp.push_back(entry.data());
  prepared.envp.push_back(nullptr);
  for (const Inherit& fd : spec.inherit) {
    Fd copy(::fcntl(fd.ours, F_DUPFD_CLOEXEC, kFirstFree));
    if (!copy) return fail_errno(errno, "cannot copy a descriptor for a child process");
    prepared.inherit.push_back({copy.get(), fd.theirs});
    prepared.copies.push_back(std::move(copy));
  }
  if (spec.limits)
    prepared.oom_score = std::to_string(std::min(own_oom_score() + spec.limits->oom_score_adj, kWorstOomScore));
  return prepared;
}

Error explain(const Failure& failure, const std::string& program) {
  const std::string what = fmt::format("cannot {} {}: {}", kSteps.at(static_cast<std::size_t>(failure.step)), program,
                                       std::strerror(failure.err));  // NOLINT(concurrency-mt-unsafe)
  if (failure.err == ENOENT) return {Errc::not_found, what};
  if (failure.err == EACCES || failure.err == EPERM) return {Errc::permission_denied, what};
  return {Errc::io_error, what};
}

}  // namespace

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

namespace {

Result<pid_t> fork_child(const ChildSpec& spec, int report, pid_t parent, Kin kin) {
  HEARTH_TRY_ASSIGN(const Prepared prepared, prepare(spec));
  // Above the numbers that are given to the child.
  const Fd report_end(::fcntl(report, F_DUPFD_CLOEXEC, kFirstFree));
  if (!report_end) return fail_errno(errno, "cannot copy a pipe");
  const auto [pid, in_group] = fork_into(spec.group, kin);
  if (pid < 0 && (errno == EAGAIN || errno == ENOMEM) && kin == Kin::child)
    return fail(Errc::resource_exhausted,
                fmt::format("cannot start {}: the system has no room for another process", spec.command.front()));
  if (pid < 0) return fail_errno(errno, "cannot fork");
  if (pid == 0) run_child(spec, prepared, in_group, parent, report_end.get());
  return pid;
}

}  // namespace

Result<pid_t> fork_sibling(const ChildSpec& spec, int report, pid_t parent) {
  return fork_child(spec, report, parent, Kin::sibling);
}

Result<Child> spawn_child(const ChildSpec& spec) {
  HEARTH_TRY_ASSIGN(Pipe report, make_pipe());
  auto started = start_elsewhere(spec, report.write.get());
  if (!started) started = fork_child(spec, report.write.get(), ::getpid(), Kin::child);
  if (!*started) return fail(started->error());
  const pid_t pid = **started;
  report.write.reset();
  Failure failure;
  ssize_t n = 0;
  do {
    n = ::read(report.read.get(), &failure, sizeof failure);
  } while (n < 0 && errno == EINTR);
  if (n == sizeof failure) {
    ::waitpid(pid, nullptr, 0);
    return fail(explain(failure, spec.command.front()));
  }
  Fd pidfd = open_process(pid);
  if (!pidfd) {
    const int err = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fail_errno(err, "cannot watch a child process (pidfd_open needs Linux 5.3)");
  }
  return Child{pid, std::move(pidfd)};
}

}  // namespace hearth::engines
