#include "run_tool.h"

#include "log_lines.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace hearth::engines {
namespace {

constexpr std::size_t kMaxOutput = 4 << 20;
constexpr std::size_t kMaxErrors = 64 * 1024;
constexpr std::size_t kMaxLine = 4096;
constexpr int kStatus = 3;
constexpr Millis kLastWords{2'000};  // for what is still in the pipes when the program has ended

void keep_end(std::string& text, std::string_view more) {
  text.append(more);
  if (text.size() > kMaxErrors) text.erase(0, text.size() - kMaxErrors);
}

// Reads three pipes until the program ends.
class Collector {
 public:
  Collector(const Tool& tool, Child child) : tool_(tool), child_(std::move(child)) {}

  Result<ToolResult> run(Fd output, Fd errors, Fd status) {
    wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const std::stop_callback stop(tool_.stop, [this] { ::eventfd_write(wake_.get(), 1); });
    fds_ = {std::move(output), std::move(errors), std::move(status)};
    Deadline deadline = Deadline::in(tool_.time);
    while (!ended_ || (any_open() && !deadline.passed())) {
      if (!ended_ && (tool_.stop.stop_requested() || deadline.passed())) {
        const bool stopped = tool_.stop.stop_requested();
        kill();
        return fail(stopped ? Errc::cancelled : Errc::deadline_exceeded,
                    fmt::format("{} was ended: it {}", tool_.command.front(),
                                stopped ? "is not wanted any more" : "took too long"));
      }
      wait(deadline);
      if (!ended_ && reap(WNOHANG)) deadline = Deadline::in(kLastWords);
    }
    splitter_.end([this](std::string_view line) { status_line(line); });
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool any_open() const {
    return std::ranges::any_of(fds_, [](const Fd& fd) { return bool(fd); });
  }

  void wait(Deadline deadline) {
    std::array<pollfd, 5> set{};
    for (std::size_t i = 0; i < fds_.size(); ++i) set[i] = {fds_[i].get(), POLLIN, 0};
    set[3] = {ended_ ? -1 : child_.pidfd.get(), POLLIN, 0};
    set[4] = {ended_ ? -1 : wake_.get(), POLLIN, 0};
    const auto left = std::max(Millis(0), std::chrono::ceil<Millis>(deadline.time() - steady_now()));
    if (::poll(set.data(), set.size(), static_cast<int>(left.count())) <= 0) return;
    for (std::size_t i = 0; i < fds_.size(); ++i) {
      if (set[i].revents != 0) read(i);
    }
  }

  void read(std::size_t which) {
    std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
    const ssize_t n = ::read(fds_[which].get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) return;
    if (n <= 0) return fds_[which].reset();
    const std::string_view text(buffer.data(), static_cast<std::size_t>(n));
    if (which == 0 && result_.output.size() + text.size() <= kMaxOutput) result_.output.append(text);
    if (which == 1) keep_end(result_.errors, text);
    if (which == 2) splitter_.push(text, [this](std::string_view line) { status_line(line); });
  }
  void status_line(std::string_view line) const {
    if (tool_.on_status) tool_.on_status(line);
  }

  bool reap(int flags) {
    siginfo_t info{};
    const int rc = ::waitid(P_PIDFD, static_cast<id_t>(child_.pidfd.get()), &info, WEXITED | WNOWAIT | flags);
    if (rc != 0 || info.si_pid == 0) return false;
    ::kill(-child_.pid, SIGKILL);  // what it left behind in its group, while the id is still taken
    ::waitid(P_PIDFD, static_cast<id_t>(child_.pidfd.get()), &info, WEXITED);
    if (info.si_code == CLD_EXITED) {
      result_.status.code = info.si_status;
    } else {
      result_.status.signal = info.si_status;
    }
    return ended_ = true;
  }
  void kill() {
    ::kill(-child_.pid, SIGKILL);
    while (!ended_) reap(0);
  }

  const Tool& tool_;
  Child child_;
  Fd wake_;
  std::array<Fd, 3> fds_;
  LineSplitter splitter_{kMaxLine};
  ToolResult result_;
  bool ended_ = false;
};

}  // namespace

Result<ToolResult> run_tool(const Tool& tool) {
  HEARTH_TRY_ASSIGN(Pipe in, make_pipe());
  HEARTH_TRY_ASSIGN(Pipe out, make_pipe());
  HEARTH_TRY_ASSIGN(Pipe err, make_pipe());
  HEARTH_TRY_ASSIGN(Pipe status, make_pipe());
  in.write.reset();  // its input is empty
  ChildSpec spec{.command = tool.command,
                 .environment = tool.environment,
                 .inherit = {{in.read.get(), STDIN_FILENO},
                             {out.write.get(), STDOUT_FILENO},
                             {err.write.get(), STDERR_FILENO},
                             {status.write.get(), kStatus}},
                 .limits = tool.limits,
                 .processes = std::nullopt,
                 .group = -1};
  spec.inherit.insert(spec.inherit.end(), tool.inherit.begin(), tool.inherit.end());
  HEARTH_TRY_ASSIGN(Child child, spawn_child(spec));
  for (Fd* end : {&out.write, &err.write, &status.write}) end->reset();
  return Collector(tool, std::move(child)).run(std::move(out.read), std::move(err.read), std::move(status.read));
}

}  // namespace hearth::engines
