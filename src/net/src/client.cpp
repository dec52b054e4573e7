#include "call_clock.h"
#include "message.h"
#include "message_parser.h"
#include "wire.h"

#include <hearth/net/client.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <vector>

namespace hearth::net {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr std::size_t kReadSize = 32 * 1024;
constexpr std::size_t kLargeRead = 256 * 1024;      // of a body that is known to be large
constexpr std::size_t kMostReserved = 1024 * 1024;  // for a body, on the server's word
constexpr std::size_t kSpare = 64;                  // past it: parsers of JSON read there
constexpr std::size_t kBuffers = 8;                 // kept for the next calls

double seconds(Millis time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

struct HttpClient::Impl : std::enable_shared_from_this<HttpClient::Impl> {
  Impl(Executor e, Endpoint to, ClientLimits l)
      : executor(std::move(e)), endpoint(std::move(to)), limits(l), idle_timer(executor) {}

  struct Idle {
    std::unique_ptr<Wire> wire;
    SteadyTime since;
  };

  Executor executor;
  Endpoint endpoint;
  ClientLimits limits;
  std::vector<Idle> idle;  // the one that was used last at the end
  asio::steady_timer idle_timer;
  bool closes_idle = false;                 // the timer is set, not always for the one that is the first now
  std::vector<beast::flat_buffer> buffers;  // empty ones
  std::shared_ptr<ClientClock> clock = std::make_shared<ClientClock>(executor);
  TlsSession session;       // of the connection that was given back last
  std::uint64_t bytes = 0;  // sent and received
  std::size_t owed = 0;     // calls that wait for the server

  [[nodiscard]] std::string name() const {
    if (!endpoint.label.empty()) return endpoint.label;
    if (!endpoint.host.empty()) return endpoint.host;
    return endpoint.unix_path.empty() ? fmt::format("{}:{}", endpoint.address, endpoint.port)
                                      : endpoint.unix_path.string();
  }
  [[nodiscard]] std::string_view host() const {
    if (!endpoint.host.empty()) return endpoint.host;
    return endpoint.address.empty() ? std::string_view("localhost") : std::string_view(endpoint.address);
  }
  // nullptr: there is none.
  std::unique_ptr<Wire> take_idle() {
    while (!idle.empty()) {
      std::unique_ptr<Wire> wire = std::move(idle.back().wire);
      idle.pop_back();
      if (!wire->is_stale()) return wire;
    }
    return nullptr;
  }
  void give_back(std::unique_ptr<Wire> wire) {
    if (wire->tls() != nullptr)
      if (TlsSession given = resumable_session(**wire->tls())) session = std::move(given);
    if (idle.size() >= limits.idle_connections) return;
    idle.push_back({std::move(wire), limits.idle_time ? steady_now() : SteadyTime()});
    if (limits.idle_time && !closes_idle) close_idle_later();
  }
  void close_idle_later() {
    closes_idle = true;
    idle_timer.expires_at(idle.front().since + *limits.idle_time);
    idle_timer.async_wait([weak = weak_from_this()](const boost::system::error_code& ec) {
      const auto impl = weak.lock();
      if (ec || !impl) return;
      const SteadyTime too_old = steady_now() - *impl->limits.idle_time;
      std::erase_if(impl->idle, [&](const Idle& one) { return one.since <= too_old; });
      impl->closes_idle = false;
      if (!impl->idle.empty()) impl->close_idle_later();
    });
  }
  void forget_idle() {
    idle.clear();
    idle_timer.cancel();
    closes_idle = false;
  }
  awaitable<Result<Wire>> connect(Deadline deadline) {
    return open_wire(executor, endpoint, name(), deadline.sooner_of(Deadline::in(limits.connect_time)), session.get());
  }
};

// A request that went out on a kept-alive connection, until the first byte of its answer: the server may have closed
// the connection while it was on its way, and then never saw it.
struct Replay {
  std::string head;
  BodyParts body;
  Deadline deadline;
};

struct ClientCall::Impl {
  Impl(std::shared_ptr<HttpClient::Impl> p, std::unique_ptr<Wire> w)
      : pool(std::move(p)), wire(std::move(w)), clock(*pool->clock, wire->socket()) {
    if (pool->buffers.empty()) return;
    buffer = std::move(pool->buffers.back());
    pool->buffers.pop_back();
  }

  std::shared_ptr<HttpClient::Impl> pool;
  std::unique_ptr<Wire> wire;  // moved as a whole: a socket that moves tells the event loop
  CallClock clock;
  beast::flat_buffer buffer;
  ResponseHead answer;
  std::optional<MessageParser<false>> parser;
  std::optional<Replay> replay;
  std::optional<Error> unsent;  // the request could not be sent whole; its answer may be there all the same
  bool is_head_request = false;
  bool body_sent = false;
  bool sent_any = false;
  bool broken = false;
  bool writing = false;
  bool reading = false;
  bool counted = false;  // in HttpClient::Impl::owed

  ~Impl() {
    if (counted) --pool->owed;
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // While the request is not sent whole, an answer that does not come is not the server's fault.
  void count() {
    const bool owes = writing || (reading && body_sent);
    if (owes == counted) return;
    counted = owes;
    owes ? ++pool->owed : --pool->owed;
  }

  Error translate(const boost::system::error_code& ec) {
    broken = true;
    switch (clock.missed()) {
      case CallClock::Wait::none:
        break;
      case CallClock::Wait::call:
        return {Errc::deadline_exceeded, fmt::format("{} did not answer in time", pool->name())};
      case CallClock::Wait::head:
        return {Errc::deadline_exceeded,
                fmt::format("{} did not begin to answer within {} s", pool->name(), seconds(*pool->limits.head_time))};
      case CallClock::Wait::read:
        return {Errc::deadline_exceeded, fmt::format("{} stopped in the middle of its answer: nothing came for {} s",
                                                     pool->name(), seconds(*pool->limits.stall_time))};
      case CallClock::Wait::write:
        return {Errc::deadline_exceeded, fmt::format("{} stopped taking the request: nothing went for {} s",
                                                     pool->name(), seconds(*pool->limits.stall_time))};
    }
    if (ec == asio::error::operation_aborted) return {Errc::cancelled, "given up"};
    return {Errc::io_error, fmt::format("the connection to {} broke: {}", pool->name(), ec.message())};
  }

  awaitable<Result<void>> send(std::array<std::string_view, 4> pieces) {
    std::array<asio::const_buffer, 4> parts;
    std::size_t left = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      parts[i] = asio::buffer(pieces[i]);
      left += pieces[i].size();
    }
    while (left > 0) {
      if (clock.missed() != CallClock::Wait::none) co_return fail(translate(asio::error::operation_aborted));
      std::size_t n = wire->write_now(parts);
      boost::system::error_code ec;
      if (n == 0) {
        writing = true;
        count();
        if (pool->limits.stall_time) clock.begin(CallClock::Wait::write, steady_now() + *pool->limits.stall_time);
        std::tie(ec, n) = co_await wire->write_some(parts);
        if (pool->limits.stall_time) clock.end(CallClock::Wait::write);
        writing = false;
        count();
      }
      pool->bytes += n;
      // What TLS could not send may have left in part.
      sent_any = sent_any || n > 0 || wire->tls() != nullptr;
      if (ec) {
        const Error why = translate(ec);
        co_return fail(sent_any ? why : before_request(why.kind(), why.message()));
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

  // Reads until `until`, if there is such a time.
  awaitable<Result<void>> receive(CallClock::Wait wait, std::optional<SteadyTime> until) {
    if (clock.missed() != CallClock::Wait::none) co_return fail(translate(asio::error::operation_aborted));
    // The parser takes a header, a chunk's extensions and trailers only whole: none may be larger than a header.
    if (buffer.size() > pool->limits.header_bytes + kReadSize) {
      broken = true;
      co_return fail(Errc::protocol_error,
                     fmt::format("{} sent a malformed answer: no end of a chunk's header", pool->name()));
    }
    const std::uint64_t expected =
        parser && parser->is_header_done() ? parser->content_length_remaining().value_or(0) : 0;
    const auto space = buffer.prepare(std::clamp<std::uint64_t>(expected, kReadSize, kLargeRead));
    reading = true;
    count();
    if (until) clock.begin(wait, *until);
    const auto [ec, n] = co_await wire->read_some(space);
    if (until) clock.end(wait);
    reading = false;
    count();
    pool->bytes += n;
    if (ec == asio::error::eof && parser && parser->is_header_done()) {
      beast::error_code parse_error;
      parser->put_eof(parse_error);  // right for an answer without a length, an error for any other
      broken = true;
      if (!parse_error) co_return Result<void>();
      co_return fail(Errc::io_error, fmt::format("{} closed the connection in the middle of its answer", pool->name()));
    }
    if (ec) co_return fail(translate(ec));
    buffer.commit(n);
    replay.reset();
    co_return Result<void>();
  }

  // The same request on a new connection.
  awaitable<Result<void>> send_again() {
    const Replay again = std::move(*replay);
    replay.reset();
    auto connected = co_await pool->connect(again.deadline);
    if (!connected) co_return fail(connected.error());
    wire = std::make_unique<Wire>(std::move(*connected));
    clock.watch(wire->socket());
    broken = false;
    co_return co_await send({again.head, again.body.first, again.body.second, again.body.third});
  }

  awaitable<Result<ResponseHead>> read_head() {
    std::optional<SteadyTime> until;
    if (body_sent && pool->limits.head_time) until = steady_now() + *pool->limits.head_time;
    for (;;) {
      parser.emplace(answer, pool->limits.header_bytes);
      parser->skip(is_head_request);
      while (!parser->is_header_done()) {
        if (buffer.size() == 0) {
          HEARTH_CO_TRY(co_await receive(CallClock::Wait::head, until));
        }
        beast::error_code ec;
        parser->parse(buffer, ec);
        if (ec == http::error::need_more) {
          HEARTH_CO_TRY(co_await receive(CallClock::Wait::head, until));
          continue;
        }
        if (ec) {
          broken = true;
          co_return fail(Errc::protocol_error,
                         fmt::format("{} did not answer in HTTP: {}", pool->name(), ec.message()));
        }
      }
      const bool interim = answer.status >= 100 && answer.status < 200;
      if (!interim) co_return std::move(answer);
    }
  }

  Error malformed(const beast::error_code& ec) {
    broken = true;
    return {Errc::protocol_error, fmt::format("{} sent a malformed answer: {}", pool->name(), ec.message())};
  }

  // Of the body, as much as is in the buffer and fits; 0: there is none now.
  Result<std::size_t> take(std::span<char> into) {
    beast::error_code ec;
    const std::size_t got = parser->take(buffer, into, ec);
    if (ec) return fail(malformed(ec));
    return got;
  }

  // All of it that is in the buffer.
  Result<void> take_all(std::string& body, std::size_t limit) {
    beast::error_code ec;
    parser->take_all(buffer, body, limit, ec);
    if (ec == http::error::body_limit)
      return fail(Errc::too_large, fmt::format("the answer of {} is larger than {} bytes", pool->name(), limit));
    if (ec) return fail(malformed(ec));
    return {};
  }

  awaitable<Result<void>> receive_body() {
    std::optional<SteadyTime> until;
    if (pool->limits.stall_time) until = steady_now() + *pool->limits.stall_time;
    return receive(CallClock::Wait::read, until);
  }

  awaitable<Result<std::size_t>> read_body(std::span<char> into) {
    for (;;) {
      const auto got = take(into);
      if (!got || *got > 0 || parser->is_done()) co_return got;
      HEARTH_CO_TRY(co_await receive_body());
    }
  }

  awaitable<Result<std::string>> read_whole(std::size_t limit) {
    std::string body;
    if (const auto length = parser->content_length_remaining())
      body.reserve(std::min<std::uint64_t>(*length, kMostReserved) + kSpare);
    for (;;) {
      HEARTH_CO_TRY(take_all(body, limit));
      if (parser->is_done()) co_return body;
      HEARTH_CO_TRY(co_await receive_body());
    }
  }

  void release() {
    const bool drained = buffer.size() == 0;
    if (drained && pool->buffers.size() < kBuffers) pool->buffers.push_back(std::move(buffer));
    const bool reusable = !broken && clock.missed() == CallClock::Wait::none && body_sent && parser &&
                          parser->is_done() && parser->keep_alive() && drained;
    if (reusable) pool->give_back(std::move(wire));
  }
};

ClientCall::ClientCall(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClientCall::ClientCall(ClientCall&&) noexcept = default;
ClientCall& ClientCall::operator=(ClientCall&& other) noexcept {
  if (this != &other) {
    if (impl_) impl_->release();
    impl_ = std::move(other.impl_);
  }
  return *this;
}
ClientCall::~ClientCall() {
  if (impl_) impl_->release();
}

awaitable<Result<void>> ClientCall::write(std::string_view part) {
  if (part.empty()) co_return Result<void>();  // an empty chunk would end the body
  std::string size;
  append_chunk_size(size, part.size());
  co_return co_await impl_->send({size, part, "\r\n", {}});
}

awaitable<Result<void>> ClientCall::finish_body() {
  const auto sent = co_await impl_->send({"0\r\n\r\n", {}, {}, {}});
  impl_->body_sent = sent.has_value();
  impl_->count();
  co_return sent;
}

awaitable<Result<ResponseHead>> ClientCall::head() {
  auto head = co_await impl_->read_head();
  if (!head && impl_->unsent) co_return fail(*impl_->unsent);
  if (head || !impl_->replay || head.error().kind() != Errc::io_error) co_return head;
  HEARTH_CO_TRY(co_await impl_->send_again());
  co_return co_await impl_->read_head();
}
awaitable<Result<std::size_t>> ClientCall::read_some(std::span<char> into) {
  return impl_->read_body(into);
}

awaitable<Result<std::string>> ClientCall::read_all(std::size_t limit) {
  return impl_->read_whole(limit);
}

void ClientCall::set_deadline(Deadline deadline) noexcept {
  impl_->clock.set_deadline(deadline);
}

void ClientCall::abort() noexcept {
  impl_->broken = true;
  impl_->replay.reset();
  ::shutdown(impl_->wire->socket().native_handle(), SHUT_RDWR);
}

HttpClient::HttpClient(Executor executor, Endpoint endpoint, ClientLimits limits)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(endpoint), limits)) {}
HttpClient::~HttpClient() {
  impl_->forget_idle();
}
Traffic HttpClient::traffic() const noexcept {
  return {.bytes = impl_->bytes, .owed = impl_->owed > 0};
}
void HttpClient::forget_idle() {
  impl_->forget_idle();
}

namespace {

std::string format_head(const RequestHead& head, std::string_view host, std::optional<std::size_t> length,
                        BodyKind body) {
  std::string text;
  text.reserve(kUsualHead);
  text.append(head.method).append(" ").append(head.target).append(" HTTP/1.1\r\n");
  if (!head.headers.has("Host")) append_field(text, "Host", host);
  text.append(head.headers.text());
  if (length) {
    append_length(text, *length);
  } else if (body == BodyKind::chunked) {
    text += "Transfer-Encoding: chunked\r\n";
  }
  text += "\r\n";
  return text;
}

}  // namespace

awaitable<Result<ClientCall>> HttpClient::open(RequestHead head, BodyKind body, Deadline deadline) {
  if (!is_one_line(head.target) || !is_one_line(head.method))
    co_return fail(before_request(Errc::invalid_argument, "a line break in a request's target"));
  const std::shared_ptr<Impl> pool = impl_;
  std::unique_ptr<Wire> wire = pool->take_idle();
  if (!wire) {
    auto connected = co_await pool->connect(deadline);
    if (!connected) co_return fail(connected.error());
    wire = std::make_unique<Wire>(std::move(*connected));
  }
  auto call = std::make_unique<ClientCall::Impl>(pool, std::move(wire));
  call->is_head_request = head.method == "HEAD";
  call->clock.set_deadline(deadline);
  const std::string text = format_head(head, pool->host(), std::nullopt, body);
  const auto sent = co_await call->send({text, {}, {}, {}});
  if (!sent) co_return fail(sent.error());
  call->body_sent = body == BodyKind::none;
  co_return ClientCall(std::move(call));
}

awaitable<Result<ClientCall>> HttpClient::send(RequestHead head, BodyParts body, Deadline deadline) {
  if (!is_one_line(head.target) || !is_one_line(head.method))
    co_return fail(before_request(Errc::invalid_argument, "a line break in a request's target"));
  const std::shared_ptr<Impl> pool = impl_;
  std::string text = format_head(head, pool->host(), body.size(), BodyKind::none);
  for (;;) {
    std::unique_ptr<Wire> wire = pool->take_idle();
    const bool reused = wire != nullptr;
    if (!wire) {
      auto connected = co_await pool->connect(deadline);
      if (!connected) co_return fail(connected.error());
      wire = std::make_unique<Wire>(std::move(*connected));
    }
    auto call = std::make_unique<ClientCall::Impl>(pool, std::move(wire));
    call->is_head_request = head.method == "HEAD";
    call->clock.set_deadline(deadline);
    const auto sent = co_await call->send({text, body.first, body.second, body.third});
    if (sent) {
      call->body_sent = true;
      if (reused && pool->limits.send_again) call->replay.emplace(std::move(text), body, deadline);
      co_return ClientCall(std::move(call));
    }
    if (sent.error().kind() != Errc::io_error) co_return fail(sent.error());
    if (reused && (pool->limits.send_again || nothing_was_sent(sent.error()))) continue;
    if (nothing_was_sent(sent.error())) co_return fail(sent.error());
    call->unsent = sent.error();  // it may have refused the rest and said why
    co_return ClientCall(std::move(call));
  }
}

awaitable<Result<ClientResponse>> HttpClient::fetch(RequestHead head, BodyParts body, std::size_t limit,
                                                    Deadline deadline) {
  auto call = co_await send(std::move(head), body, deadline);
  if (!call) co_return fail(call.error());
  auto answer = co_await call->head();
  if (!answer) co_return fail(answer.error());
  auto content = co_await call->read_all(limit);
  if (!content) co_return fail(content.error());
  co_return ClientResponse{std::move(*answer), std::move(*content)};
}

}  // namespace hearth::net
