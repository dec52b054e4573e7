// HTTP for downloads: libcurl's multi interface on one thread of its own.
//
// Redirects are followed here, and not by libcurl: at most five, never from https to http, and credentials do not go to
// another host. Of an answer that is no success, 64 KiB or five seconds' worth are read and no more. A connection is
// used again, and closed when nothing was transferred for two seconds. Callbacks run on the transfer thread and must
// not block for long (writing to the page cache may).
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/egress/http_headers.h>
#include <hearth/egress/sockets.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace hearth::egress {

struct HttpOptions {
  Connect connect{};    // empty: libcurl finds hosts and connects by itself
  std::string ca_file;  // certificates to trust in place of the system's; empty: those
  Seconds connect_time{20};
  Seconds stall_time{30};  // without `stall_bytes` a second in it, the transfer has failed
  std::uint32_t stall_bytes = 512;
  std::size_t connections = 16;
};

struct ResponseHead {
  int status = 0;
  Headers headers;
};

enum class PlainHttp { loopback_only, anywhere };
enum class Redirects { follow, refuse };  // refuse: one is an answer like any other, and no success

struct HttpRequest {
  std::string url;
  std::vector<std::string> headers;
  std::string bearer;               // a token for the first host only
  std::optional<std::string> post;  // a body: it is a POST
  Redirects redirects = Redirects::follow;
  PlainHttp plain = PlainHttp::loopback_only;
  Seconds longest{0};  // for all of it, redirects included, however steadily it comes; 0: no limit
  // The head of the final answer, whatever its status; an error ends the transfer and becomes its result.
  std::function<Result<void>(const ResponseHead&)> on_head;
  // Bytes of an answer below 300; an error ends the transfer.
  std::function<Result<void>(std::string_view)> on_data;
};

struct HttpResult {
  std::optional<Error> error;  // not set: the answer came whole. An answer of 400 and above is an error too.
  int status = 0;              // 0: none came
  Headers headers;
  std::string error_body;  // the beginning of a refusal
  std::int64_t sent = 0;   // bytes of bodies
  std::int64_t received = 0;
  std::optional<Seconds> retry_after;
};

class Http {
 public:
  using Done = std::function<void(HttpResult)>;

  // Starts the thread. internal: libcurl cannot be initialised.
  static Result<std::unique_ptr<Http>> start(HttpOptions options);
  // Cancels what is under way, calls every Done, joins the thread.
  ~Http();
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  // Any thread. `done` is called once, on the transfer thread: unavailable (no connection, cut off, stalled: may pass),
  // permission_denied (TLS, 401, 403, a forbidden redirect), not_found, resource_exhausted (429), protocol_error,
  // cancelled, and what on_head and on_data say.
  std::uint64_t begin(HttpRequest request, Done done);
  // `done` comes all the same, soon.
  void cancel(std::uint64_t id);
  // The whole answer; blocks, not for the transfer thread. too_large past `limit`, unavailable after two minutes,
  // cancelled.
  struct Answer {
    HttpResult result;
    std::string body;
  };
  Answer get(HttpRequest request, std::size_t limit, const std::stop_token& stop);

 private:
  struct Impl;
  explicit Http(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Is this the URL of something on this machine? Only literal loopback addresses and "localhost".
bool is_loopback_url(std::string_view url) noexcept;
// "127.0.0.1:5000", "localhost", "[::1]:80"
bool is_loopback_host(std::string_view host_and_port) noexcept;
// The host's part of a URL, for messages: "huggingface.co".
std::string host_of(std::string_view url);
// A link as it stands in an answer, made whole; empty: it is none.
std::string resolve_url(const std::string& base, const std::string& link);

}  // namespace hearth::egress
