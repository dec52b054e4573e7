// A client's connection to a server: plain, or TLS.
#pragma once

#include "send_now.h"
#include "tls.h"
#include "tuple.h"

#include <hearth/net/client.h>

#include <array>
#include <memory>
#include <string>
#include <variant>

namespace hearth::net {

// Cancels what a socket does when the time has come. The socket outlives it.
class TimeLimit {
 public:
  TimeLimit(StreamSocket& socket, Deadline deadline);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  [[nodiscard]] bool passed() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

class Wire {
 public:
  explicit Wire(StreamSocket socket) : end_(std::move(socket)) {}
  explicit Wire(std::unique_ptr<TlsStream> stream) : end_(std::move(stream)) {}

  [[nodiscard]] StreamSocket& socket() noexcept {
    auto* const plain = std::get_if<StreamSocket>(&end_);
    return plain != nullptr ? *plain : (*tls())->next_layer();
  }
  template <typename Buffers>
  auto read_some(Buffers into) {
    auto* const plain = std::get_if<StreamSocket>(&end_);
    return plain != nullptr ? plain->async_read_some(into, kTuple) : (*tls())->async_read_some(into, kTuple);
  }
  template <typename Buffers>
  auto write_some(Buffers from) {
    auto* const plain = std::get_if<StreamSocket>(&end_);
    return plain != nullptr ? plain->async_write_some(from, kTuple) : (*tls())->async_write_some(from, kTuple);
  }
  // What goes without waiting; 0: nothing, or it is not plain.
  template <std::size_t N>
  std::size_t write_now(const std::array<asio::const_buffer, N>& from) noexcept {
    auto* const plain = std::get_if<StreamSocket>(&end_);
    return plain != nullptr ? send_now(plain->native_handle(), from) : 0;
  }
  // Null when plain.
  [[nodiscard]] std::unique_ptr<TlsStream>* tls() noexcept { return std::get_if<std::unique_ptr<TlsStream>>(&end_); }
  // Has the server closed it while it was idle, or sent what nobody asked for? Either way it is of no use.
  [[nodiscard]] bool is_stale();

 private:
  std::variant<StreamSocket, std::unique_ptr<TlsStream>> end_;
};

// Connects, and shakes hands where there is TLS, resuming `session` if it can. Errors are those of before_request():
// unavailable, deadline_exceeded, permission_denied, protocol_error, invalid_argument, cancelled, and the connector's.
awaitable<Result<Wire>> open_wire(Executor executor, const Endpoint& endpoint, std::string name, Deadline deadline,
                                  SSL_SESSION* session);
// An error that says that nothing of a request was sent: see nothing_was_sent().
Error before_request(Errc kind, std::string message);

}  // namespace hearth::net
