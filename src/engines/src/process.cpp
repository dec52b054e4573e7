#include "log_lines.h"
#include "pidfd.h"
#include "spawn.h"

#include <hearth/core/log.h>
#include <hearth/engines/process.h>
#include <hearth/hardware/memory.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <charconv>
#include <csignal>
#include <cstring>

namespace hearth::engines {
namespace asio = boost::asio;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMaxLine = 4096;
constexpr double kLinesPerSecond = 50;
constexpr double kLineBurst = 400;
constexpr Millis kLastWords{500};   // for output that is still in the pipe when the process has ended
constexpr int kSignalStatus = 128;  // bubblewrap exits with 128 + the signal that ended its program

ExitStatus read_status(const siginfo_t& info, bool in_bubblewrap) {
  if (info.si_code != CLD_EXITED) return {.code = 0, .signal = info.si_status};
  if (in_bubblewrap && info.si_status > kSignalStatus) return {.code = 0, .signal = info.si_status - kSignalStatus};
  return {.code = info.si_status, .signal = 0};
}

bool is_child_of(pid_t pid, pid_t parent) {
  const auto text = read_file(fmt::format("/proc/{}/stat", pid), 4096);
  return text && hardware::parse_parent(*text) == parent;
}

// A handle of a descendant: checked after it was opened, so that it cannot be of a stranger with a reused id.
Fd open_child(pid_t pid, pid_t parent) {
  Fd fd = open_process(pid);
  return fd && is_child_of(pid, parent) ? std::move(fd) : Fd();
}

}  // namespace

std::optional<pid_t> parse_sandbox_pid(std::string_view status) {
  constexpr std::string_view kKey = "\"child-pid\":";
  const std::size_t at = status.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  status.remove_prefix(at + kKey.size());
  while (!status.empty() && status.front() == ' ') status.remove_prefix(1);
  pid_t pid = 0;
  const auto [end, ec] = std::from_chars(status.data(), status.data() + status.size(), pid);
  if (ec != std::errc() || pid <= 1 || end == status.data() + status.size()) return std::nullopt;
  return pid;
}

std::string ExitStatus::describe() const {
  if (signal != 0)
    return fmt::format("was ended by signal {} ({})", signal,
                       ::sigdescr_np(signal) == nullptr ? "unknown" : ::sigdescr_np(signal));
  return fmt::format("exited with status {}", code);
}

struct Process::Impl {
  Impl(net::Executor e, SpawnOptions& options, Child c, Pipe& in, Pipe& out, Pipe& status)
      : name(std::move(options.name)),
        room(fmt::format("engines.{}", name)),
        in_bubblewrap(options.in_bubblewrap),
        pid(c.pid),
        input(std::move(in.write)),
        pidfd(e, c.pidfd.release()),
        output(e, out.read.release()),
        sandbox_status(e),
        ended(e),
        tasks(e) {
    if (in_bubblewrap) sandbox_status.assign(status.read.release());
  }

  std::string name;
  std::string room;
  bool in_bubblewrap;
  pid_t pid;
  pid_t init = 0;  // bubblewrap's first process inside: the parent of the program
  Fd init_handle;
  pid_t program = 0;
  bool reaped = false;
  ExitStatus exit_status;
  Fd input;
  asio::posix::stream_descriptor pidfd;
  asio::posix::stream_descriptor output;
  asio::posix::stream_descriptor sandbox_status;
  LineBudget budget{kLinesPerSecond, kLineBurst};
  std::string last_line;
  net::Event ended;
  net::TaskGroup tasks;

  void log_line(std::string_view text) {
    const EngineLine line = parse_engine_line(text);
    const bool routine = text.front() == '{' && line.level < log::Level::warn;
    if (!routine) last_line = line.detail.empty() ? line.message : fmt::format("{} {}", line.message, line.detail);
    if (!budget.take(steady_now())) return;
    if (const std::uint64_t lost = budget.take_refused(); lost > 0)
      log::warn(room, "it wrote too fast; lines were left out", {{"lines", lost}});
    if (!log::enabled(line.level)) return;
    if (line.detail.empty()) {
      log::write(line.level, room, line.message);
    } else {
      log::write(line.level, room, line.message, {{"detail", line.detail}});
    }
  }

  net::awaitable<void> pump_output() {
    LineSplitter splitter(kMaxLine);
    const auto sink = [this](std::string_view line) { log_line(line); };
    std::array<char, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read fills it
    for (;;) {
      const auto [ec, n] = co_await output.async_read_some(asio::buffer(buffer), kTuple);
      if (ec) break;
      splitter.push(std::string_view(buffer.data(), n), sink);
    }
    splitter.end(sink);
  }

  net::awaitable<void> read_sandbox_status() {
    std::string text;
    std::array<char, 256> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read fills it
    while (init == 0 && text.size() < kMaxLine) {
      const auto [ec, n] = co_await sandbox_status.async_read_some(asio::buffer(buffer), kTuple);
      if (ec) co_return;
      text.append(buffer.data(), n);
      if (const auto found = parse_sandbox_pid(text)) {
        init_handle = open_child(*found, pid);
        if (init_handle) init = *found;
        co_return;
      }
    }
  }

  net::awaitable<void> watch_exit() {
    for (;;) {
      co_await pidfd.async_wait(asio::posix::stream_descriptor::wait_read, kTuple);
      siginfo_t info{};
      const auto handle = static_cast<id_t>(pidfd.native_handle());
      const int rc = ::waitid(P_PIDFD, handle, &info, WEXITED | WNOHANG | WNOWAIT);
      if (rc != 0 && errno == ECHILD) break;  // this process ignores SIGCHLD: how it ended is lost
      if (rc != 0 || info.si_pid == 0) continue;
      ::kill(-pid, SIGKILL);  // what it left behind in its group, while the id is still taken
      ::waitid(P_PIDFD, handle, &info, WEXITED | WNOHANG);
      exit_status = read_status(info, in_bubblewrap);
      break;
    }
    reaped = true;
    program = 0;
    ended.set();
  }

  void send_kill() {
    if (reaped) return;
    // Ending the first process of the process namespace ends all in it; bubblewrap outside then exits by itself.
    if (init_handle && send_signal(init_handle.get(), SIGKILL)) return;
    send_signal(pidfd.native_handle(), SIGKILL);
  }
};

Result<std::unique_ptr<Process>> Process::spawn(net::Executor executor, SpawnOptions options) {
  HEARTH_TRY_ASSIGN(Pipe in, make_pipe());
  HEARTH_TRY_ASSIGN(Pipe out, make_pipe());
  HEARTH_TRY_ASSIGN(Pipe status, make_pipe());
  ChildSpec spec{
      .command = options.command,
      .environment = options.environment,
      .inherit = {{in.read.get(), STDIN_FILENO}, {out.write.get(), STDOUT_FILENO}, {out.write.get(), STDERR_FILENO}},
      .limits = options.limits,
      .processes = options.processes,
      .group = options.group_fd};
  if (options.in_bubblewrap) spec.inherit.push_back({status.write.get(), kStatusFd});
  if (options.seccomp_fd >= 0) spec.inherit.push_back({options.seccomp_fd, kSeccompFd});
  HEARTH_TRY_ASSIGN(Child child, spawn_child(spec));
  auto impl = std::make_unique<Impl>(executor, options, std::move(child), in, out, status);
  Impl& p = *impl;
  auto process = std::make_unique<Process>(std::move(impl));
  p.tasks.spawn("engine output", p.pump_output());
  p.tasks.spawn("engine exit", p.watch_exit());
  if (p.in_bubblewrap) p.tasks.spawn("sandbox status", p.read_sandbox_status());
  return process;
}

Process::Process(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Process::~Process() {
  if (impl_->reaped) return;
  // A bug, but not one that may leave a process behind.
  log::error(impl_->room, "the process was not waited for");
  impl_->send_kill();
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(impl_->pidfd.native_handle()), &info, WEXITED);
  assert(false && "wait() for a Process before it goes");
}

pid_t Process::program_pid() {
  Impl& p = *impl_;
  if (p.reaped) return 0;
  if (!p.in_bubblewrap) return p.pid;
  if (p.program == 0 && p.init != 0) {
    const auto tree = hardware::process_tree(p.init);
    if (tree.size() > 1) p.program = tree[1];
  }
  return p.program;
}

pid_t Process::pid() const noexcept {
  return impl_->pid;
}

void Process::terminate() {
  Impl& p = *impl_;
  if (p.reaped) return;
  if (!p.in_bubblewrap) {
    send_signal(p.pidfd.native_handle(), SIGTERM);
    return;
  }
  const pid_t program = program_pid();
  const Fd handle = program != 0 ? open_child(program, p.init) : Fd();
  // Not started yet: there is nothing that could end in order.
  if (!handle || !send_signal(handle.get(), SIGTERM)) p.send_kill();
}

void Process::kill() {
  impl_->send_kill();
}

bool Process::exited() const noexcept {
  return impl_->reaped;
}

net::awaitable<ExitStatus> Process::wait() {
  Impl& p = *impl_;
  while (!p.reaped) {
    co_await p.ended.wait();
  }
  co_await p.tasks.wait(Deadline::in(kLastWords));
  co_await p.tasks.stop();
  co_return p.exit_status;
}

const std::string& Process::last_line() const noexcept {
  return impl_->last_line;
}

}  // namespace hearth::engines
