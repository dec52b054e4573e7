// What a socket takes at once: most of what is written. Waiting for what can be done now would cost a turn of the event
// loop.
#pragma once

#include <boost/asio/buffer.hpp>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>

namespace hearth::net {

// Bytes that went; 0: none now, or it failed, which an ordinary write will say.
template <std::size_t N>
std::size_t send_now(int socket, const std::array<boost::asio::const_buffer, N>& parts) noexcept {
  std::array<iovec, N> pieces{};
  for (std::size_t i = 0; i < N; ++i)
    pieces[i] = {const_cast<void*>(parts[i].data()), parts[i].size()};  // NOLINT: sendmsg() only reads
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = N;
  const ssize_t n = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

}  // namespace hearth::net
