#include "starter.h"

#include "pidfd.h"

#include <hearth/engines/starter.h>

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace hearth::engines {
namespace {

constexpr std::size_t kMaxRequest = 160 * 1024;  // a datagram has to fit into a socket's usual buffer
constexpr std::size_t kMaxFds = 12;

// ── A child's description as one datagram: numbers and texts with their lengths, in one order. Both ends are the same
// program, a moment apart.
class Writer {
 public:
  void number(std::uint64_t value) { text_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void text(const std::string& value) {
    number(value.size());
    text_ += value;
  }
  void optional(const std::optional<std::uint64_t>& value) {
    number(value ? 1 : 0);
    number(value.value_or(0));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    if (rest_.size() < sizeof value) {
      rest_ = {};
      return 0;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string text() {
    const std::uint64_t size = std::min<std::uint64_t>(number(), rest_.size());
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  std::optional<std::uint64_t> optional() {
    const bool set = number() != 0;
    const std::uint64_t value = number();
    return set ? std::optional(value) : std::nullopt;
  }

 private:
  std::string_view rest_;
};

std::string pack(const ChildSpec& spec) {
  Writer out;
  out.number(spec.command.size());
  for (const std::string& word : spec.command) out.text(word);
  out.number(spec.environment.size());
  for (const auto& [name, value] : spec.environment) {
    out.text(name);
    out.text(value);
  }
  out.number(spec.limits ? 1 : 0);
  const ResourceLimits limits = spec.limits.value_or(ResourceLimits());
  for (const std::uint64_t value :
       {limits.data, limits.stack, limits.file, limits.open_files, limits.processes,
        static_cast<std::uint64_t>(limits.oom_score_adj + 1000), static_cast<std::uint64_t>(limits.nice + 20)})
    out.number(value);
  out.optional(spec.processes);
  out.number(spec.group >= 0 ? 1 : 0);
  out.number(spec.inherit.size());
  for (const Inherit& fd : spec.inherit) out.number(static_cast<std::uint64_t>(fd.theirs));
  return out.take();
}

// `fds`: the report, the group if there is one, then what is inherited.
std::optional<ChildSpec> unpack(std::string_view text, const std::vector<Fd>& fds) {
  Reader in(text);
  ChildSpec spec;
  const std::uint64_t words = in.number();
  for (std::uint64_t i = 0; i < words && i < kMaxRequest; ++i) spec.command.push_back(in.text());
  const std::uint64_t variables = in.number();
  for (std::uint64_t i = 0; i < variables && i < kMaxRequest; ++i) {
    std::string name = in.text();
    spec.environment.emplace_back(std::move(name), in.text());
  }
  const bool limited = in.number() != 0;
  ResourceLimits limits;
  for (std::uint64_t* value : {&limits.data, &limits.stack, &limits.file, &limits.open_files, &limits.processes})
    *value = in.number();
  limits.oom_score_adj = static_cast<int>(in.number()) - 1000;
  limits.nice = static_cast<int>(in.number()) - 20;
  if (limited) spec.limits = limits;
  spec.processes = in.optional();
  std::size_t next = 1;
  if (in.number() != 0 && next < fds.size()) spec.group = fds[next++].get();
  const std::uint64_t inherited = in.number();
  for (std::uint64_t i = 0; i < inherited && next < fds.size(); ++i)
    spec.inherit.push_back({fds[next++].get(), static_cast<int>(in.number())});
  if (spec.command.empty()) return std::nullopt;
  return spec;
}

// ── Datagrams with several descriptors; blocking.
using Control = std::array<char, CMSG_SPACE(kMaxFds * sizeof(int))>;

Result<void> send(int socket, std::string text, const std::vector<int>& fds) {
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
  }
  ssize_t n = 0;
  do {
    n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return fail_errno(errno, "cannot ask the starter");
  return {};
}

// False: the other side is gone.
bool receive(int socket, std::string& text, std::vector<Fd>& fds) {
  text.resize(kMaxRequest);
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n <= 0) return false;
  text.resize(static_cast<std::size_t>(n));
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; at + sizeof(int) <= c->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
      fds.emplace_back(fd);
    }
  }
  return true;
}

struct Answer {
  pid_t pid = 0;
  int err = 0;
};

// Starts children until hearthd is gone.
[[noreturn]] void serve(int socket, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "hearth-starter");
  if (::getppid() != parent) ::_exit(0);
  ::setpgid(0, 0);  // Ctrl-C on a terminal is for hearthd, which still needs us to end in order
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
  std::string text;
  for (;;) {
    std::vector<Fd> fds;
    if (!receive(socket, text, fds)) ::_exit(0);
    Answer answer{.pid = 0, .err = EBADMSG};
    const auto spec = fds.empty() ? std::nullopt : unpack(text, fds);
    if (spec) {
      const auto forked = fork_sibling(*spec, fds.front().get(), parent);
      answer = forked ? Answer{.pid = *forked, .err = 0} : Answer{.pid = 0, .err = forked.error().code().value()};
    }
    if (::send(socket, &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) ::_exit(0);
  }
}

// The one of this process.
struct Starter {
  std::mutex mutex;  // one question at a time
  Fd socket;
  Fd handle;
};
Starter& starter() {
  static Starter the_one;
  return the_one;
}

}  // namespace

Result<void> launch_starter() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail_errno(errno, "cannot make a pair of sockets");
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "cannot fork");
  if (pid == 0) {
    ours.reset();
    serve(theirs.get(), parent);
  }
  starter().handle = open_process(pid);
  if (!starter().handle) return fail_errno(errno, "cannot watch a child process (pidfd_open needs Linux 5.3)");
  starter().socket = std::move(ours);
  return {};
}

int starter_handle() noexcept {
  return starter().handle.get();
}

std::optional<Result<pid_t>> start_elsewhere(const ChildSpec& spec, int report) {
  Starter& s = starter();
  if (!s.socket) return std::nullopt;
  std::string request = pack(spec);
  if (request.size() > kMaxRequest)
    return fail(Errc::too_large, fmt::format("the command line of {} is too long", spec.command.front()));
  std::vector<int> fds{report};
  if (spec.group >= 0) fds.push_back(spec.group);
  for (const Inherit& fd : spec.inherit) fds.push_back(fd.ours);
  if (fds.size() > kMaxFds) return fail(Errc::invalid_argument, "a child inherits too many descriptors");
  const std::lock_guard lock(s.mutex);
  const auto gone = fail(Errc::unavailable, "the process that starts programs for hearthd has ended; restart hearthd");
  if (!send(s.socket.get(), std::move(request), fds)) return gone;
  Answer answer;
  ssize_t n = 0;
  do {
    n = ::recv(s.socket.get(), &answer, sizeof answer, 0);
  } while (n < 0 && errno == EINTR);
  if (n != sizeof answer) return gone;
  if (answer.err == EAGAIN || answer.err == ENOMEM)
    return fail(Errc::resource_exhausted,
                fmt::format("cannot start {}: the system has no room for another process", spec.command.front()));
  if (answer.err != 0) return fail_errno(answer.err, "cannot fork");
  return answer.pid;
}

Result<Fd> start_helper(const std::filesystem::path& program, int socket, const std::vector<std::string>& pass_on) {
  ChildSpec spec{.command = {program.string()}, .environment = {}, .inherit = {{STDERR_FILENO, STDERR_FILENO}}};
  HEARTH_TRY_ASSIGN(Pipe input, make_pipe());
  input.write.reset();
  spec.inherit.push_back({input.read.get(), STDIN_FILENO});
  spec.inherit.push_back({STDERR_FILENO, STDOUT_FILENO});
  spec.inherit.push_back({socket, 3});
  for (const std::string& name : pass_on) {
    if (const char* value = std::getenv(name.c_str()); value != nullptr) spec.environment.emplace_back(name, value);
  }
  HEARTH_TRY_ASSIGN(Child child, spawn_child(spec));
  return std::move(child.pidfd);
}

}  // namespace hearth::engines
