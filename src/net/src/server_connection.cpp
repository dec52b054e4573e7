#include "server_connection.h"

#include "send_now.h"
#include "tuple.h"

#include <hearth/core/log.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace hearth::net {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr std::size_t kReadSize = 16 * 1024;
constexpr std::size_t kIdleRead = 2 * 1024;     // by a connection that waits for its next request, for there are many
constexpr std::size_t kLargeRead = 256 * 1024;  // of a body that is known to be large
constexpr std::size_t kSpare = 64;              // past a body: parsers of JSON read there
constexpr std::size_t kMaxDrain = 256 * 1024;   // of a body nobody read, to keep the connection
constexpr Millis kLingerSilence{3'000};         // after a refusal: for a client that sends nothing more
constexpr Millis kLinger{20'000};               // for one that goes on sending

}  // namespace

ServerConnection::ServerConnection(StreamSocket socket, std::string peer, bool over_limit, ServerShared& shared)
    : socket_(std::move(socket)), peer_(std::move(peer)), over_limit_(over_limit), shared_(shared) {}

// ── Life
// ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

awaitable<void> ServerConnection::run() {
  while (keep_alive_ && !shared_.stopping) {
    const Header got = co_await read_header();
    if (got != Header::read) break;
    ++shared_.in_flight;
    bool failed = false;
    try {
      co_await shared_.handler(*this);
    } catch (const std::exception& e) {
      log::error("net", "a handler ended with an exception", {{"target", head_.target}, {"what", e.what()}});
      failed = true;
    }
    unwatch();
    if (answer_ == Answer::none && !client_gone_) {
      if (!failed) log::error("net", "a handler gave no answer", {{"target", head_.target}});
      co_await refuse(500, "internal", "the box failed on this request; its log says more");
    }
    --shared_.in_flight;
    if (answer_ != Answer::complete) break;  // failed, or a stream that was not finished: the cut is the message
    if (parser_->is_done()) continue;
    co_await drain();
    if (!parser_->is_done()) {
      co_await linger();
      break;
    }
  }
  boost::system::error_code ignored;
  socket_.close(ignored);
}

// Reads what nobody read of a body, so that the next request can be. A coroutine of its own: its bytes would be part of
// every connection's memory.
awaitable<void> ServerConnection::drain() {
  std::array<char, kReadSize> rest;  // NOLINT(cppcoreguidelines-pro-type-member-init): received into
  for (std::size_t drained = 0; keep_alive_ && !continue_expected_ && !parser_->is_done();) {
    const auto n = co_await read_some(rest);
    drained += n.value_or(0);
    if (!n || drained > kMaxDrain) keep_alive_ = false;
  }
}

void ServerConnection::check_time(SteadyTime now) {
  if (watching_) look_for_client();
  // The handler may have been between two operations, or on the pool, when it was told: tell it until it has ended.
  if (client_gone_) signal_.emit(asio::cancellation_type::terminal);
  if (now < expires_) return;
  expires_ = SteadyTime::max();
  timed_out_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void ServerConnection::close_if_idle() {
  if (idle_) cut();
}

void ServerConnection::cut() {
  ::shutdown(socket_.native_handle(), SHUT_RDWR);
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

Error ServerConnection::translate(const boost::system::error_code& ec) const {
  if (timed_out_) return {Errc::deadline_exceeded, "the client was too slow"};
  if (ec == asio::error::operation_aborted) return {Errc::cancelled, "the client has left"};
  return {Errc::io_error, fmt::format("the connection to the client failed: {}", ec.message())};
}

awaitable<Result<std::size_t>> ServerConnection::receive() {
  // The parser takes a header, a chunk's extensions and trailers only whole: none may be larger than a header.
  if (buffer_.size() > shared_.limits.header_bytes + kReadSize)
    co_return fail(Errc::protocol_error, "a chunk's header or a trailer is too large");
  const std::uint64_t expected = parser_->is_header_done() ? parser_->content_length_remaining().value_or(0) : 0;
  const std::uint64_t wanted = idle_ ? kIdleRead : std::clamp<std::uint64_t>(expected, kReadSize, kLargeRead);
  const auto space = buffer_.prepare(wanted);
  const auto [ec, n] = co_await socket_.async_read_some(space, kTuple);
  if (ec) co_return fail(translate(ec));
  buffer_.commit(n);
  co_return n;
}

// ── Request
// ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

awaitable<ServerConnection::Header> ServerConnection::read_header() {
  parser_.emplace(head_, shared_.limits.header_bytes);
  answer_ = Answer::none;
  pending_head_.clear();
  client_gone_ = false;
  timed_out_ = false;
  body_read_ = 0;
  idle_ = buffer_.size() == 0;
  if (idle_ && buffer_.capacity() > kIdleRead) buffer_.shrink_to_fit();
  expire_in(idle_ ? shared_.limits.idle_time : shared_.limits.header_time);
  while (!parser_->is_header_done()) {
    if (buffer_.size() > 0) {
      beast::error_code ec;
      parser_->parse(buffer_, ec);
      if (ec == http::error::header_limit) {
        co_await refuse(431, "header_too_large",
                        fmt::format("the request's header is larger than {} bytes", shared_.limits.header_bytes));
        co_return Header::refused;
      }
      if (ec && ec != http::error::need_more) {
        co_await refuse(400, "invalid_request", fmt::format("this is not an HTTP/1.1 request: {}", ec.message()));
        co_return Header::refused;
      }
      if (parser_->is_header_done()) break;
    }
    const auto n = co_await receive();
    if (!n) {
      if (!idle_ && n.error().is(Errc::deadline_exceeded)) {
        timed_out_ = false;
        co_await refuse(408, "request_timeout", "the request's header did not arrive in time");
        co_return Header::refused;
      }
      co_return Header::closed;
    }
    if (idle_) {
      idle_ = false;
      expire_in(shared_.limits.header_time);
    }
  }
  expires_ = SteadyTime::max();
  take_facts();
  co_return Header::read;
}

void ServerConnection::take_facts() {
  keep_alive_ = parser_->keep_alive() && !over_limit_;
  chunked_ = parser_->version() >= 11;
  continue_expected_ = iequals(head_.headers.get("Expect"), "100-continue") && !parser_->is_done();
  body_began_ = steady_now();
}

std::optional<std::uint64_t> ServerConnection::content_length() const {
  const auto length = parser_->content_length();
  if (!length) return parser_->chunked() ? std::nullopt : std::optional<std::uint64_t>(0);
  return *length;
}

awaitable<Result<void>> ServerConnection::expect_body() {
  if (!continue_expected_) co_return Result<void>();
  continue_expected_ = false;
  co_return co_await send("HTTP/1.1 100 Continue\r\n\r\n", {}, {});
}

Error ServerConnection::malformed(const beast::error_code& ec) {
  keep_alive_ = false;
  return {Errc::protocol_error, fmt::format("the request's body is malformed: {}", ec.message())};
}

Result<std::size_t> ServerConnection::take(std::span<char> into) {
  beast::error_code ec;
  const std::size_t got = parser_->take(buffer_, into, ec);
  if (ec) return fail(malformed(ec));
  body_read_ += got;
  return got;
}

awaitable<Result<void>> ServerConnection::receive_body() {
  // Slow is fine, stalled or dripping is not: a byte within stall_time, and a least average rate after that.
  const auto allowed = shared_.limits.stall_time + Millis(body_read_ * 1000 / shared_.limits.body_bytes_per_second);
  expires_ = std::min(steady_now() + shared_.limits.stall_time, body_began_ + allowed);
  const auto n = co_await receive();
  expires_ = SteadyTime::max();
  if (n) co_return Result<void>();
  keep_alive_ = false;
  co_return fail(n.error());
}

awaitable<Result<std::size_t>> ServerConnection::read_some(std::span<char> into) {
  HEARTH_CO_TRY(co_await expect_body());
  for (;;) {
    const auto got = take(into);
    if (!got || *got > 0 || parser_->is_done()) co_return got;
    HEARTH_CO_TRY(co_await receive_body());
  }
}

Result<void> ServerConnection::take_all(std::string& body, std::size_t limit) {
  beast::error_code ec;
  const std::size_t before = body.size();
  parser_->take_all(buffer_, body, limit, ec);
  body_read_ += body.size() - before;
  if (ec == http::error::body_limit)
    return fail(Errc::too_large, fmt::format("the request's body is larger than {} bytes", limit));
  if (ec) return fail(malformed(ec));
  return {};
}

awaitable<Result<std::string>> ServerConnection::read_all(std::size_t limit) {
  const auto length = content_length();
  if (length && *length > limit)
    co_return fail(Errc::too_large, fmt::format("the request's body is larger than {} bytes", limit));
  HEARTH_CO_TRY(co_await expect_body());
  std::string body;
  if (length) body.reserve(std::min<std::size_t>(*length, 1 << 20U) + kSpare);
  for (;;) {
    HEARTH_CO_TRY(take_all(body, limit));
    if (parser_->is_done()) co_return body;
    HEARTH_CO_TRY(co_await receive_body());
  }
}

// Looked for by the sweep: an event for each request would cost more than the requests that are cut off so soon.
void ServerConnection::watch_client() {
  watching_ = parser_->is_done() && buffer_.size() == 0;
}

void ServerConnection::unwatch() {
  watching_ = false;
}

void ServerConnection::look_for_client() {
  char byte = 0;
  const ssize_t n = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  watching_ = false;
  client_gone_ = n <= 0;  // else it is the next request, early
}

// ── Answer
// ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

std::string ServerConnection::format_head(int status, const Headers& headers, std::optional<std::size_t> length) const {
  std::string text;
  text.reserve(kUsualHead);
  text.append("HTTP/1.1 ").append(fmt::format_int(status).c_str()).append(" ");
  text.append(reason_phrase(status)).append("\r\n");
  text.append(headers.text());
  if (length) {
    append_length(text, *length);
  } else if (chunked_) {
    text += "Transfer-Encoding: chunked\r\n";
  }
  if (!keep_alive_ || shared_.stopping || (!length && !chunked_)) {
    text += "Connection: close\r\n";
  } else if (!chunked_) {
    text += "Connection: keep-alive\r\n";  // else a client of HTTP/1.0 waits for the end of the connection
  }
  text += "\r\n";
  return text;
}

awaitable<Result<void>> ServerConnection::send(std::string_view head, std::string_view a, std::string_view b) {
  std::array<asio::const_buffer, 3> parts{asio::buffer(head), asio::buffer(a), asio::buffer(b)};
  std::size_t left = head.size() + a.size() + b.size();
  while (left > 0) {
    std::size_t n = send_now(socket_.native_handle(), parts);
    if (n == 0) {
      expire_in(shared_.limits.stall_time);
      const auto [ec, written] = co_await socket_.async_write_some(parts, kTuple);
      expires_ = SteadyTime::max();
      if (ec) {
        answer_ = Answer::failed;
        // Found out before the sweep has.
        client_gone_ = client_gone_ || ec == asio::error::broken_pipe || ec == asio::error::connection_reset;
        if (client_gone_) co_return fail(Errc::cancelled, "the client has left");
        co_return fail(translate(ec));
      }
      n = written;
    }
    left -= n;
    std::size_t skip = n;
    for (auto& part : parts) {
      const std::size_t k = std::min(skip, part.size());
      part += k;
      skip -= k;
    }
  }
  co_return Result<void>();
}

awaitable<Result<void>> ServerConnection::respond(int status, Headers headers, std::string_view body) {
  if (answer_ != Answer::none) co_return fail(Errc::internal, "an answer was already begun");
  if (!parser_->is_done() && !continue_expected_ && content_length().value_or(kMaxDrain + 1) > kMaxDrain)
    keep_alive_ = false;
  if (continue_expected_) keep_alive_ = false;
  if (shared_.stopping) keep_alive_ = false;
  const std::string head = format_head(status, headers, body.size());
  answer_ = Answer::complete;
  const bool only_head = head_.method == "HEAD" || status == 204 || status == 304;
  co_return co_await send(head, only_head ? std::string_view() : body, {});
}

void ServerConnection::start(int status, Headers headers) {
  if (shared_.stopping || !chunked_ || !parser_->is_done()) keep_alive_ = false;
  pending_head_ = format_head(status, headers, std::nullopt);
  answer_ = Answer::streaming;
}

awaitable<Result<void>> ServerConnection::write(std::string_view chunk) {
  if (answer_ != Answer::streaming) co_return fail(Errc::io_error, "the answer is already over");
  if (chunk.empty() || head_.method == "HEAD") co_return Result<void>();  // an empty chunk would end the stream
  std::string head = std::exchange(pending_head_, {});
  if (chunked_) append_chunk_size(head, chunk.size());
  co_return co_await send(head, chunk, chunked_ ? "\r\n" : "");
}

awaitable<Result<void>> ServerConnection::finish() {
  if (answer_ != Answer::streaming) co_return fail(Errc::io_error, "the answer is already over");
  const std::string head = std::exchange(pending_head_, {});
  const auto sent = co_await send(head, chunked_ && head_.method != "HEAD" ? "0\r\n\r\n" : "", {});
  if (!sent) co_return fail(sent.error());
  answer_ = Answer::complete;
  co_return Result<void>();
}

awaitable<void> ServerConnection::refuse(int status, std::string_view code, std::string_view message) {
  const ErrorPage page = shared_.error_pages(status, code, message);
  keep_alive_ = false;
  continue_expected_ = false;
  const std::string head = format_head(status, {{"Content-Type", page.content_type}}, page.body.size());
  answer_ = Answer::complete;
  const auto sent = co_await send(head, page.body, {});
  if (sent && !parser_->is_done()) co_await linger();
}

// Closing with unread bytes would reset the connection and take the answer with it: say "no more", read on for a
// moment.
awaitable<void> ServerConnection::linger() {
  ::shutdown(socket_.native_handle(), SHUT_WR);
  timed_out_ = false;
  const SteadyTime end = steady_now() + kLinger;
  std::array<char, kReadSize> ignored;  // NOLINT(cppcoreguidelines-pro-type-member-init): received into
  for (;;) {
    expires_ = std::min(end, steady_now() + kLingerSilence);
    const auto [ec, n] = co_await socket_.async_read_some(asio::buffer(ignored), kTuple);
    if (ec || timed_out_) co_return;
  }
}

}  // namespace hearth::net
