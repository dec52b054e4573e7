// hearth-via SOCKET [HOST:PORT] -- PROGRAM [ARGUMENT…]: runs a program in whose network there is nothing but an HTTP
// proxy.
//
// The network namespace, with loopback only, is made by who starts this (bubblewrap). Here the proxy's port is opened
// on loopback, and what connects to it is carried to SOCKET, a Unix socket of hearth-gate's; the program learns of it
// from its environment (http_proxy, https_proxy). With HOST:PORT the proxy is another one, to which the gate opens a
// tunnel. Ends as the program ends.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

namespace {

constexpr int kFailed = 125;
constexpr int kMostConnections = 64;
constexpr std::size_t kBuffer = 64 * 1024;

int fail(const char* what) {
  std::fprintf(stderr, "hearth-via: %s: %s\n", what, std::strerror(errno));
  return kFailed;
}

int listen_on_loopback(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  auto* const address = reinterpret_cast<sockaddr*>(&at);
  if (fd < 0 || ::bind(fd, address, size) != 0 || ::listen(fd, kMostConnections) != 0 ||
      ::getsockname(fd, address, &size) != 0)
    return -1;
  port = ntohs(at.sin_port);
  return fd;
}

int connect_to(const char* path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (std::strlen(path) >= sizeof at.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::strcpy(at.sun_path, path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && ::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

bool pass(int from, int to) {
  std::array<char, kBuffer> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  const ssize_t n = ::read(from, buffer.data(), buffer.size());
  if (n < 0 && errno == EINTR) return true;
  for (ssize_t done = 0; done < n;) {
    const ssize_t written = ::send(to, buffer.data() + done, static_cast<std::size_t>(n - done), MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    done += written;
  }
  if (n <= 0) ::shutdown(to, SHUT_WR);
  return n > 0;
}

// Asks the gate for a tunnel. Its refusal is the client's answer.
bool open_tunnel(int here, int there, const std::string& place) {
  const std::string request = "CONNECT " + place + " HTTP/1.1\r\n\r\n";
  if (::send(there, request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
  std::string answer;
  char one = 0;
  while (!answer.ends_with("\r\n\r\n") && answer.size() < kBuffer && ::read(there, &one, 1) == 1) answer += one;
  if (answer.starts_with("HTTP/1.1 200 ")) return true;
  [[maybe_unused]] const ssize_t n = ::send(here, answer.data(), answer.size(), MSG_NOSIGNAL);
  return false;
}

void carry(int here, const char* socket, const std::string& place) {
  int there = connect_to(socket);
  if (there >= 0 && !place.empty() && !open_tunnel(here, there, place)) {
    ::close(there);
    there = -1;
  }
  std::array<pollfd, 2> ends{pollfd{here, POLLIN, 0}, pollfd{there, POLLIN, 0}};
  while (there >= 0 && (ends[0].fd >= 0 || ends[1].fd >= 0)) {
    if (::poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) break;
    if (ends[0].revents != 0 && !pass(here, there)) ends[0].fd = -1;
    if (ends[1].revents != 0 && !pass(there, here)) ends[1].fd = -1;
  }
  if (there >= 0) ::close(there);
  ::close(here);
}

int status_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int main(int argc, char** argv) {
  const bool further = argc > 3 && std::strcmp(argv[3], "--") == 0;
  const int first = further ? 4 : 3;  // the program
  if (argc <= first || std::strcmp(argv[first - 1], "--") != 0) {
    std::fputs("usage: hearth-via SOCKET [HOST:PORT] -- PROGRAM [ARGUMENT...]\n", stderr);
    return kFailed;
  }
  const std::string place = further ? argv[2] : "";
  std::uint16_t port = 0;
  const int listener = listen_on_loopback(port);
  if (listener < 0) return fail("cannot listen on loopback");
  const std::string url = "http://127.0.0.1:" + std::to_string(port);
  for (const char* name : {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
    ::setenv(name, url.c_str(), 1);
  for (const char* name : {"no_proxy", "NO_PROXY"}) ::unsetenv(name);

  sigset_t child;
  sigset_t before;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, &before);
  const int ended = ::signalfd(-1, &child, SFD_CLOEXEC);
  const pid_t program = ::fork();
  if (ended < 0 || program < 0) return fail("cannot start a program");
  if (program == 0) {
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::execv(argv[first], argv + first);
    ::_exit(fail(argv[first]));
  }
  // The program's descriptors beyond the usual three are the program's own: here they would keep pipes open.
  std::array<pollfd, 2> set{pollfd{listener, POLLIN, 0}, pollfd{ended, POLLIN, 0}};
  for (;;) {
    if (::poll(set.data(), set.size(), -1) < 0 && errno != EINTR) return fail("cannot wait");
    int status = 0;
    if (::waitpid(program, &status, WNOHANG) == program) std::_Exit(status_of(status));
    if ((set[1].revents & POLLIN) != 0) {
      signalfd_siginfo info{};
      [[maybe_unused]] const ssize_t n = ::read(ended, &info, sizeof info);
    }
    if ((set[0].revents & POLLIN) == 0) continue;
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) std::thread(carry, client, argv[1], place).detach();
  }
}
