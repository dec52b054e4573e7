// The HTTP/1.1 client: a pool of kept-alive connections to one endpoint (a Unix socket, an IP address, or what gives
// connections), with TLS or without.
//
// Belongs to one executor. A ClientCall may be written and read by two coroutines at once (full duplex), one each.
#pragma once

#include <hearth/core/file.h>
#include <hearth/net/http.h>
#include <hearth/net/runtime.h>
#include <hearth/net/tls.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace hearth::net {

// Gives a connected stream socket, by the deadline. Its errors reach the caller with their kind.
using Connector = std::function<awaitable<Result<Fd>>(Deadline)>;

struct Endpoint {
  std::filesystem::path unix_path;  // or:
  std::string address;              // an IP literal
  std::uint16_t port = 0;           // or:
  Connector connector;
  // For the Host header, with a port if it is not the scheme's own ("api.example.com", "box.lan:8443"); without it,
  // what a certificate must be for. Empty: the address, or "localhost".
  std::string host;
  std::shared_ptr<TlsContext> tls;  // empty: plain HTTP
  std::string label;                // what errors call it; empty: the host, the path or the address
};

struct ClientLimits {
  std::size_t idle_connections = 8;  // kept for reuse
  std::optional<Millis> idle_time;   // how long; without: until the server closes it
  Millis connect_time{2'000};        // TLS handshake included
  std::optional<Millis> head_time;   // from the whole request sent to the whole header of its answer
  std::optional<Millis> stall_time;  // without a byte of a request being taken, or of an answer's body coming
  std::size_t header_bytes = 64 * 1024;
  // A request that a closing kept-alive connection may have swallowed is sent again. Not where it costs money.
  bool send_again = true;
};

// Did the call end before a byte of its request was sent? Then it may be made elsewhere; after any other error the
// server may be at work on it.
bool nothing_was_sent(const Error& error) noexcept;

// A request under way. Movable; when it goes before its answer was read to the end, the connection is closed, which
// tells the server to stop working.
class ClientCall {
 public:
  ClientCall(ClientCall&&) noexcept;
  ClientCall& operator=(ClientCall&&) noexcept;
  ~ClientCall();

  // Sends part of a chunked body. io_error, deadline_exceeded, cancelled.
  awaitable<Result<void>> write(std::string_view part);
  // Ends a chunked body.
  awaitable<Result<void>> finish_body();
  // Waits for the answer's header. io_error, protocol_error, deadline_exceeded, cancelled.
  awaitable<Result<ResponseHead>> head();
  // After head(): the next bytes of the answer's body; 0 at its end.
  awaitable<Result<std::size_t>> read_some(std::span<char> into);
  // After head(): the rest of the body; too_large past `limit`.
  awaitable<Result<std::string>> read_all(std::size_t limit);
  // Each later operation must end by then.
  void set_deadline(Deadline deadline) noexcept;
  // Breaks the connection: a coroutine that reads or writes gets an error, the server sees that it is no longer wanted.
  void abort() noexcept;

  struct Impl;
  explicit ClientCall(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

struct ClientResponse {
  ResponseHead head;
  std::string body;
};

enum class BodyKind { none, chunked };

// A body in at most three pieces, which the caller keeps alive.
struct BodyParts {
  BodyParts() = default;
  BodyParts(std::string_view whole) : first(whole) {}    // NOLINT(google-explicit-constructor)
  BodyParts(const char* whole) : first(whole) {}         // NOLINT(google-explicit-constructor)
  BodyParts(const std::string& whole) : first(whole) {}  // NOLINT(google-explicit-constructor)
  BodyParts(std::string_view a, std::string_view b, std::string_view c) : first(a), second(b), third(c) {}
  std::string_view first;
  std::string_view second;
  std::string_view third;
  [[nodiscard]] std::size_t size() const noexcept { return first.size() + second.size() + third.size(); }
};

// What went over all connections of a client, and whether the server has the next move: a part of a request waits to be
// taken, or the answer to a request that was sent whole is waited for.
struct Traffic {
  std::uint64_t bytes = 0;
  bool owed = false;
};

class HttpClient {
 public:
  HttpClient(Executor executor, Endpoint endpoint, ClientLimits limits = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Connects or takes an idle connection, and sends the header. unavailable (nobody listens), permission_denied (no
  // trusted certificate), protocol_error (no TLS), deadline_exceeded, io_error, cancelled, and the connector's.
  awaitable<Result<ClientCall>> open(RequestHead head, BodyKind body, Deadline deadline);
  // The same with a whole body, in pieces that are sent with the header in one write; they must live until head() has
  // returned. A kept-alive connection that turns out to be closed before a byte of the answer came is replaced by a new
  // one, and the request sent again if ClientLimits say so.
  awaitable<Result<ClientCall>> send(RequestHead head, BodyParts body, Deadline deadline);
  // The same, and the whole answer; too_large past `limit`.
  awaitable<Result<ClientResponse>> fetch(RequestHead head, BodyParts body, std::size_t limit, Deadline deadline);
  // Closes the idle connections (the server was restarted).
  void forget_idle();
  [[nodiscard]] Traffic traffic() const noexcept;

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace hearth::net
