// The one place where a download's connections come from, so that who decides about destinations can hand them out and
// learns what went over them.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/core/file.h>
#include <hearth/egress/destination.h>

#include <cstdint>
#include <functional>
#include <string>

namespace hearth::egress {

class Gate;

// Bytes of a connection, those of TLS included, as far as the other side has confirmed them.
struct Traffic {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  bool operator==(const Traffic&) const = default;
};

// A TCP connection. It is closed when this goes, and then `over` is told what went over it, on the thread that does so.
class Connection {
 public:
  using Over = std::move_only_function<void(Traffic)>;
  Connection() = default;
  explicit Connection(Fd fd, Over over = {}) noexcept : fd_(std::move(fd)), over_(std::move(over)) {}
  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&& other) noexcept;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close(); }

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  void close();

 private:
  Fd fd_;
  Over over_;
};

// Opens a connection to a host and port. Must not block; `done` may be called on any thread, once. What it calls back
// may be gone by then for the caller, but is safe to call.
using Connected = std::function<void(Result<Connection>)>;
using Connect = std::function<void(std::string host, std::uint16_t port, Deadline deadline, Connected done)>;
// Through the gate, which outlives it.
Connect connect_through(Gate& gate, Purpose purpose, std::string who);

}  // namespace hearth::egress
