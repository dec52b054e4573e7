#include <hearth/egress/sockets.h>

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

namespace hearth::egress {
namespace {

// As the kernel counts them; nothing of a socket that is not TCP's.
Traffic traffic_of(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  // The first byte that is confirmed is none of ours: it stands for the opening of the connection.
  const std::uint64_t confirmed = info.tcpi_bytes_acked;
  return {confirmed > 0 ? confirmed - 1 : 0, info.tcpi_bytes_received};
}

}  // namespace

Connection& Connection::operator=(Connection&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::move(other.fd_);
  over_ = std::exchange(other.over_, {});
  return *this;
}

void Connection::close() {
  if (!fd_) return;
  const Traffic traffic = traffic_of(fd_.get());
  fd_.reset();
  if (Over over = std::exchange(over_, {})) over(traffic);
}

}  // namespace hearth::egress
