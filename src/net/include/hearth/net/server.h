// The HTTP/1.1 server: TCP and Unix sockets, keep-alive, streaming both ways, bounded in every direction.
//
// Belongs to one executor; all calls come from its thread. A handler is one coroutine per request; it reads the body as
// it comes and answers whole or in chunks. When the client goes away, watch_client() turns that into cancellation of
// the handler.
#pragma once

#include <hearth/net/http.h>
#include <hearth/net/runtime.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <span>

namespace hearth::net {

struct ListenAddress {
  std::string host;                 // IP literal; empty for a Unix socket
  std::uint16_t port = 0;           // 0: the system chooses
  std::filesystem::path unix_path;  // of a Unix socket; created with mode 0600
};
// "127.0.0.1:8420", "[::1]:0", "0.0.0.0:8420", "unix:/run/hearth/admin.sock". invalid_argument with an example.
Result<ListenAddress> parse_listen_address(std::string_view text);

struct ServerLimits {
  std::size_t connections = 1024;        // more are accepted, but only marked Exchange::over_limit()
  std::size_t connections_hard = 1152;   // more are closed at once
  std::size_t header_bytes = 32 * 1024;  // else 431
  Millis header_time{10'000};            // from the first byte of a request to the end of its header; else 408
  Millis idle_time{75'000};              // a kept-alive connection without a request
  Millis stall_time{30'000};             // without a byte of the body, or of the answer being taken
  std::size_t body_bytes_per_second =
      512;  // a body's average rate after the first stall_time; slower clients are cut off
};

// What the server itself has to answer (broken request, header too large, too slow): the shape is the application's.
struct ErrorPage {
  std::string content_type;
  std::string body;
};
using ErrorPages = std::function<ErrorPage(int status, std::string_view code, std::string_view message)>;

// One request and its answer. Lives in the connection's coroutine for the handler's call.
class Exchange {
 public:
  virtual ~Exchange() = default;
  [[nodiscard]] virtual const RequestHead& request() const = 0;
  // The peer's IP address; empty on a Unix socket.
  [[nodiscard]] virtual const std::string& peer() const = 0;
  // More connections than ServerLimits::connections are open: answer only what is cheap.
  [[nodiscard]] virtual bool over_limit() const = 0;
  // The body's length when the client said it; nullopt when chunked.
  [[nodiscard]] virtual std::optional<std::uint64_t> content_length() const = 0;

  // The next bytes of the body; 0 at its end. deadline_exceeded (stalled or too slow), io_error (client gone),
  // protocol_error, cancelled.
  virtual awaitable<Result<std::size_t>> read_some(std::span<char> into) = 0;
  // The whole body; too_large past `limit`, found before anything is read when the client says the length.
  virtual awaitable<Result<std::string>> read_all(std::size_t limit) = 0;
  // After the body is read: when the client hangs up, within a quarter of a second the handler's current operation ends
  // with Errc::cancelled.
  virtual void watch_client() = 0;

  // A whole answer, in one write. Only once, and not after start(). io_error, deadline_exceeded.
  virtual awaitable<Result<void>> respond(int status, Headers headers, std::string_view body) = 0;
  // Begins a streamed answer; it leaves with the first write(), or with finish().
  virtual void start(int status, Headers headers) = 0;
  // One chunk, now. cancelled (the client has left), deadline_exceeded (it does not read), io_error.
  virtual awaitable<Result<void>> write(std::string_view chunk) = 0;
  // Ends a streamed answer properly. Without it the connection is cut, so that the client sees it is incomplete.
  virtual awaitable<Result<void>> finish() = 0;
  [[nodiscard]] virtual bool started() const = 0;
};

using Handler = std::function<awaitable<void>(Exchange&)>;

class HttpServer {
 public:
  HttpServer(Executor executor, ServerLimits limits, ErrorPages error_pages, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and starts to accept. Several addresses may be listened on. io_error with the address and what to do.
  Result<void> listen(const ListenAddress& address);
  // The TCP port in use (of the first TCP address): the system's choice when 0 was asked for.
  [[nodiscard]] std::uint16_t port() const noexcept;
  // Stops accepting, lets requests in flight end until `deadline`, then cuts them; returns when all have ended.
  awaitable<void> stop(Deadline deadline);
  [[nodiscard]] std::size_t connections() const noexcept;
  [[nodiscard]] std::size_t requests_in_flight() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::net
