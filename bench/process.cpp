#include "process.h"

#include <hearth/hardware/memory.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace hearth::bench {

namespace fs = std::filesystem;

Result<TemporaryFolder> TemporaryFolder::create() {
  std::string name = "/tmp/hearth-bench-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return fail_errno(errno, "making a temporary folder");
  return TemporaryFolder(name);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<Process> Process::start(const std::vector<std::string>& command, const fs::path& log,
                               const std::vector<std::string>& environment) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return fail_errno(errno, "making a pipe");
  Fd reading(pipe[0]);
  Fd writing(pipe[1]);
  const Fd errors(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!errors) return fail_errno(errno, fmt::format("opening {}", log.string()));

  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> variables;
  for (char** v = environ; *v != nullptr; ++v) variables.push_back(*v);
  for (const std::string& v : environment) variables.push_back(const_cast<char*>(v.c_str()));
  variables.push_back(nullptr);

  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno(errno, "forking");
  if (pid == 0) {
    ::dup2(reading.get(), STDIN_FILENO);
    ::dup2(errors.get(), STDOUT_FILENO);
    ::dup2(errors.get(), STDERR_FILENO);
    ::execve(arguments[0], arguments.data(), variables.data());
    ::_exit(127);
  }
  return Process(pid, std::move(writing));
}

void Process::stop() noexcept {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int Process::wait() noexcept {
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return status;
}

Result<void> run(const std::vector<std::string>& command, const fs::path& log) {
  constexpr std::size_t kMaxLog = 1U << 20U;
  HEARTH_TRY_ASSIGN(Process process, Process::start(command, log));
  if (process.wait() == 0) return {};
  const auto said = read_file(log, kMaxLog);
  return fail(Errc::protocol_error,
              fmt::format("{} failed: {}", fmt::join(command, " "), said ? *said : std::string()));
}

bool Process::alive() const noexcept {
  siginfo_t info{};
  return pid_ > 0 && ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

Result<ReadySocket> ReadySocket::create(const fs::path& path) {
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path.string();
  if (name.size() >= sizeof(address.sun_path)) return fail(Errc::invalid_argument, "the socket's path is too long");
  std::memcpy(address.sun_path, name.data(), name.size());
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return fail_errno(errno, fmt::format("binding {}", name));
  return ReadySocket(std::move(socket));
}

Result<void> ReadySocket::wait(Deadline deadline) const {
  while (!deadline.passed()) {
    pollfd readable{socket_.get(), POLLIN, 0};
    if (::poll(&readable, 1, 100) <= 0) continue;
    std::array<char, 4096> message{};
    const ssize_t n = ::recv(socket_.get(), message.data(), message.size(), 0);
    if (n > 0 && std::string_view(message.data(), static_cast<std::size_t>(n)).contains("READY=1")) return {};
  }
  return fail(Errc::deadline_exceeded, "hearthd did not say that it is ready");
}

Result<std::uint16_t> free_port() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0)
    return fail_errno(errno, "looking for a free port");
  return ntohs(at.sin_port);
}

double cpu_seconds(pid_t root) {
  double nanoseconds = 0;
  for (const pid_t pid : hardware::process_tree(root)) {
    std::error_code ec;
    for (const auto& thread : fs::directory_iterator(fmt::format("/proc/{}/task", pid), ec)) {
      const auto text = read_file(thread.path() / "schedstat", 4096);
      if (text) nanoseconds += std::strtod(text->c_str(), nullptr);
    }
  }
  return nanoseconds / 1e9;
}

double load_average() {
  const auto text = read_file("/proc/loadavg", 4096);
  return text ? std::strtod(text->c_str(), nullptr) : 0;
}

void let_pass(std::chrono::nanoseconds duration) {
  const Deadline end = Deadline::in(duration);
  while (!end.passed()) {
    const auto left = std::chrono::duration_cast<Millis>(end.time() - steady_now()).count();
    ::poll(nullptr, 0, static_cast<int>(left) + 1);
  }
}

}  // namespace hearth::bench
