// The one place where a download's sockets come from, so that who decides about destinations can hand them out.
#pragma once

#include <hearth/core/error.h>
#include <hearth/core/file.h>

#include <sys/socket.h>

#include <functional>

namespace hearth::egress {

struct SocketWish {
  int family = 0;
  int type = 0;
  int protocol = 0;
  const sockaddr* address = nullptr;  // where it will be connected to; valid during the call
  socklen_t address_size = 0;
};
enum class SocketState { fresh, connected };
struct OpenedSocket {
  Fd fd;
  SocketState state = SocketState::fresh;  // connected: libcurl does not connect it again
};
// Called on the transfer thread; must not block for long.
using OpenSocket = std::function<Result<OpenedSocket>(const SocketWish&)>;
// An ordinary socket.
Result<OpenedSocket> open_plain_socket(const SocketWish& wish);

}  // namespace hearth::egress
