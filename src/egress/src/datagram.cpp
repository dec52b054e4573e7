#include <hearth/egress/datagram.h>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace hearth::egress {
namespace {

constexpr std::size_t kMostFds = 8;  // are taken, so that those beyond the first are closed

}  // namespace

Result<Datagram> receive_datagram(int socket, std::size_t limit) {
  Datagram got;
  got.text.resize(limit);
  iovec part{got.text.data(), got.text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostFds * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t n = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return fail(Errc::unavailable, "nothing is there");
  if (n < 0) return fail_errno(errno, "cannot receive a message");
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; at + sizeof(int) <= c->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
      Fd owned(fd);
      if (!got.fd) got.fd = std::move(owned);
    }
  }
  if ((message.msg_flags & MSG_TRUNC) != 0) return fail(Errc::too_large, "a message is longer than any may be");
  got.text.resize(static_cast<std::size_t>(n));
  return got;
}

Result<void> send_datagram(int socket, std::string_view text, int fd) {
  iovec part{const_cast<char*>(text.data()), text.size()};  // NOLINT(cppcoreguidelines-pro-type-const-cast): only read
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
  }
  ssize_t n = 0;
  do {
    n = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN) return fail(Errc::unavailable, "there is no room for a message");
  if (n < 0) return fail_errno(errno, "cannot send a message");
  return {};
}

Result<DatagramPair> make_datagram_pair() {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail_errno(errno, "cannot make a pair of sockets");
  return DatagramPair{Fd(ends[0]), Fd(ends[1])};
}

}  // namespace hearth::egress
