#include "world.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <vector>

namespace hearth::test {
namespace {

using Bytes = std::basic_string_view<unsigned char>;

bool run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;  // NOLINT(concurrency-mt-unsafe)
}

std::string ip_text(int family, const unsigned char* at) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family, at, text.data(), text.size());
  return text.data();
}

unsigned two(Bytes b, std::size_t at) {
  return at + 1 < b.size() ? static_cast<unsigned>(b[at]) << 8U | b[at + 1] : 0;
}

// The name that a DNS query asks for.
std::string asked_name(Bytes query) {
  std::string name;
  for (std::size_t at = 12; at < query.size() && query[at] != 0;) {
    const std::size_t size = query[at];
    if (at + 1 + size > query.size()) return "?";
    if (!name.empty()) name += '.';
    name.append(reinterpret_cast<const char*>(query.data()) + at + 1, size);
    at += size + 1;
  }
  return name;
}

// One frame in words; empty: not of interest.
std::string describe(Bytes frame) {
  if (frame.size() < 14) return {};
  const unsigned type = two(frame, 12);
  Bytes ip = frame.substr(14);
  unsigned protocol = 0;
  std::string to;
  if (type == ETH_P_IP && ip.size() >= 20) {
    protocol = ip[9];
    to = ip_text(AF_INET, ip.data() + 16);
    ip.remove_prefix(std::min<std::size_t>(ip.size(), (ip[0] & 15U) * 4U));
  } else if (type == ETH_P_IPV6 && ip.size() >= 40) {
    protocol = ip[6];
    to = "[" + ip_text(AF_INET6, ip.data() + 24) + "]";
    ip.remove_prefix(40);
    // Neighbours and multicast groups, which the kernel speaks of by itself.
    if (protocol == 0 || (protocol == IPPROTO_ICMPV6 && !ip.empty() && ip[0] >= 130)) return {};
  } else {
    return type == ETH_P_ARP ? std::string() : "other frame of type " + std::to_string(type);
  }
  const std::string port = std::to_string(two(ip, 2));
  if (protocol == IPPROTO_TCP) return "tcp " + to + ":" + port;
  if (protocol == IPPROTO_UDP) return "udp " + to + ":" + port + (port == "53" ? " " + asked_name(ip.substr(8)) : "");
  if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) return "icmp " + to;
  return "protocol " + std::to_string(protocol) + " " + to;
}

sockaddr_in any(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  return at;
}

constexpr std::string_view kChat =
    R"({"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",)"
    R"("content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}})";

class Servers {
 public:
  [[noreturn]] void run(int orders, int answers) {
    const int capture = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
    sockaddr_ll card{};
    card.sll_family = AF_PACKET;
    card.sll_protocol = htons(ETH_P_ALL);
    card.sll_ifindex = static_cast<int>(::if_nametoindex("world"));
    ::bind(capture, reinterpret_cast<sockaddr*>(&card), sizeof card);
    const int dns = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const sockaddr_in dns_at = any(53);
    ::bind(dns, reinterpret_cast<const sockaddr*>(&dns_at), sizeof dns_at);
    const int web = listen_at(80);
    const int other = listen_at(8080);
    const char ready = 'r';
    if (::write(answers, &ready, 1) != 1) ::_exit(1);
    for (;;) {
      std::array<pollfd, 5> set{pollfd{orders, POLLIN, 0}, pollfd{capture, POLLIN, 0}, pollfd{dns, POLLIN, 0},
                                pollfd{web, POLLIN, 0}, pollfd{other, POLLIN, 0}};
      ::poll(set.data(), set.size(), -1);
      if ((set[1].revents & POLLIN) != 0) look(capture);
      if ((set[2].revents & POLLIN) != 0) resolve(dns);
      if ((set[3].revents & POLLIN) != 0) serve(web);
      if ((set[4].revents & POLLIN) != 0) serve(other);
      // Last: what was sent before the order is seen before it is answered.
      if (set[0].revents != 0 && (set[1].revents & POLLIN) == 0) obey(orders, answers);
    }
  }

 private:
  static int listen_at(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const sockaddr_in at = any(port);
    ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at);
    ::listen(fd, 64);
    return fd;
  }

  void obey(int orders, int answers) {
    char order = 0;
    if (::read(orders, &order, 1) != 1) ::_exit(0);
    std::string text;
    if (order == 'f') seen_.clear();
    for (const std::string& line : seen_) text += line + "\n";
    text += '\0';
    if (::write(answers, text.data(), text.size()) < 0) ::_exit(1);
  }

  void look(int capture) {
    std::array<unsigned char, 65536> frame;  // NOLINT(cppcoreguidelines-pro-type-member-init): recvfrom() fills it
    sockaddr_ll from{};
    socklen_t size = sizeof from;
    const ssize_t n = ::recvfrom(capture, frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (n <= 0 || from.sll_pkttype == PACKET_OUTGOING) return;
    const std::string line = describe(Bytes(frame.data(), static_cast<std::size_t>(n)));
    if (!line.empty()) seen_.insert(line);
  }

  // "rebind.example" is public when it is first asked for, and private ever after.
  std::string address_of(const std::string& name) {
    for (const char* known : {"hub.example", "mirror.example", "provider.example", "hooks.example"})
      if (name == known) return World::kPublic;
    if (name == "inner.example") return World::kPrivate;
    if (name == "meta.example") return World::kMetadata;
    if (name == "rebind.example") return rebound_++ == 0 ? World::kPublic : World::kPrivate;
    return {};
  }

  void resolve(int dns) {
    std::array<unsigned char, 1500> packet{};
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const ssize_t n = ::recvfrom(dns, packet.data(), 512, 0, reinterpret_cast<sockaddr*>(&from), &size);
    if (n < 17) return;
    const Bytes query(packet.data(), static_cast<std::size_t>(n));
    const std::string name = asked_name(query);
    const std::size_t question = 12 + name.size() + 2 + 4;
    if (question > query.size()) return;
    const bool wants_v4 = two(query, question - 4) == 1;
    const std::string address = wants_v4 ? address_of(name) : "";
    const bool known = name.ends_with(".example") && name != "unknown.example";
    std::string answer(reinterpret_cast<const char*>(query.data()), question);
    answer[2] = static_cast<char>(0x81);
    answer[3] = static_cast<char>(known ? 0x80 : 0x83);  // 3: no such name
    answer[6] = answer[8] = answer[9] = answer[10] = answer[11] = 0;
    answer[7] = address.empty() ? 0 : 1;
    if (!address.empty()) {
      constexpr std::array<unsigned char, 12> kHead{0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4};  // name, A, IN, no time, 4
      answer.append(reinterpret_cast<const char*>(kHead.data()), kHead.size());
      in_addr number{};
      ::inet_pton(AF_INET, address.c_str(), &number);
      answer.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
    ::sendto(dns, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
  }

  // The head and the body that it announces.
  static std::string request_of(int client) {
    constexpr std::string_view kLength = "content-length: ";
    std::string text;
    std::array<char, 4096> part{};
    for (;;) {
      if (const std::size_t end = text.find("\r\n\r\n"); end != std::string::npos) {
        std::string head = text.substr(0, end);
        std::ranges::transform(head, head.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
        const std::size_t at = head.find(kLength);
        const std::size_t body = at == std::string::npos ? 0 : std::strtoul(&head[at + kLength.size()], nullptr, 10);
        if (text.size() >= end + 4 + body) return text;
      }
      const ssize_t n = text.size() < 65536 ? ::read(client, part.data(), part.size()) : 0;
      if (n <= 0) return text;
      text.append(part.data(), static_cast<std::size_t>(n));
    }
  }

  // "/to/HOST/…" redirects to http://HOST/…, "…/chat/completions" answers as a provider does; all else is a small file.
  static void serve(int listener) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    const timeval patience{5, 0};
    ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const std::string head = request_of(client);
    const std::size_t blank = head.find(' ');
    const std::string path =
        blank == std::string::npos ? "" : head.substr(blank + 1, head.find(' ', blank + 1) - blank - 1);
    std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    if (const std::size_t at = path.find("/to/"); at != std::string::npos)
      answer = "HTTP/1.1 302 Found\r\nLocation: http://" + path.substr(at + 4) +
               "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    if (path.ends_with("/chat/completions"))
      answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(kChat.size()) +
               "\r\nConnection: close\r\n\r\n" + std::string(kChat);
    [[maybe_unused]] const ssize_t n = ::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
    ::close(client);
  }

  std::set<std::string> seen_;
  int rebound_ = 0;
};

// This process's view of the name server and of the network's devices: not the machine's.
bool look_from_inside() {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  if (::mount("sysfs", "/sys", "sysfs", 0, nullptr) != 0) return false;
  std::array<char, 32> name{"/tmp/hearth-resolv-XXXXXX"};
  const int fd = ::mkstemp(name.data());
  const std::string text = std::string("nameserver ") + World::kPublic + "\noptions timeout:1 attempts:1\n";
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::fchmod(fd, 0644);
  ::close(fd);
  ::umount2("/etc/resolv.conf", MNT_DETACH);  // an earlier world's
  const bool bound = written && ::mount(name.data(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) == 0;
  ::unlink(name.data());
  return bound;
}

}  // namespace

World::World() {
  std::array<int, 2> orders{};
  std::array<int, 2> answers{};
  if (::geteuid() != 0) {
    problem_ = "it takes root to make network namespaces with a cable between them";
    return;
  }
  if (::pipe(orders.data()) != 0 || ::pipe(answers.data()) != 0) std::abort();
  const pid_t test = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(orders[1]);
    ::close(answers[0]);
    // In its namespace; waits until the cable is there.
    const bool apart = ::unshare(CLONE_NEWNET) == 0;
    const char state = apart ? 'n' : 'x';
    char go = 0;
    if (::write(answers[1], &state, 1) != 1 || ::read(orders[0], &go, 1) != 1 || ::getppid() != test) ::_exit(1);
    Servers().run(orders[0], answers[1]);
  }
  ::close(orders[0]);
  ::close(answers[1]);
  to_ = orders[1];
  from_ = answers[0];
  for (const int fd : {to_, from_}) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  char state = 0;
  const std::string other = std::to_string(pid_);
  const std::string in_world = "nsenter -t " + other + " -n ip ";
  const bool cabled =
      ::read(from_, &state, 1) == 1 && state == 'n' && ::unshare(CLONE_NEWNET) == 0 && look_from_inside() &&
      run("ip link set lo up") && run("ip link add box type veth peer name world netns " + other) &&
      run("ip addr add 93.184.216.10/24 dev box") && run("ip -6 addr add 2606:2800::10/64 dev box nodad") &&
      run("ip link set box up") && run("ip route add default via 93.184.216.34") && run(in_world + "link set lo up") &&
      run(in_world + "link set world up") && run(in_world + "addr add 93.184.216.34/24 dev world") &&
      run(in_world + "addr add 10.66.0.1/24 dev world") && run(in_world + "addr add 169.254.169.254/32 dev world") &&
      run(in_world + "addr add 2606:2800::1/64 dev world nodad") && run("ip -6 route add default via 2606:2800::1");
  const char go = 'g';
  if (!cabled || ::write(to_, &go, 1) != 1 || ::read(from_, &state, 1) != 1)
    problem_ = "no network namespaces with a cable between them can be made here";
}

World::~World() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  ::close(to_);
  ::close(from_);
}

std::set<std::string> World::packets() const {
  const char order = 'l';
  std::set<std::string> lines;
  std::string line;
  char c = 0;
  if (::write(to_, &order, 1) != 1) std::abort();
  while (::read(from_, &c, 1) == 1 && c != '\0') {
    if (c != '\n') {
      line += c;
      continue;
    }
    lines.insert(line);
    line.clear();
  }
  return lines;
}

void World::forget() const {
  const char order = 'f';
  char c = 0;
  if (::write(to_, &order, 1) != 1) std::abort();
  while (::read(from_, &c, 1) == 1 && c != '\0') {
  }
}

}  // namespace hearth::test
