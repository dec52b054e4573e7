#include "message.h"
#include "tuple.h"

#include <hearth/net/client.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace hearth::net {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr std::size_t kReadSize = 32 * 1024;
constexpr std::size_t kMaxUnixPath = 107;

// Has the server closed an idle connection, or sent what nobody asked for? Either way it is of no use.
bool is_stale(StreamSocket& socket) {
  char byte = 0;
  const ssize_t n = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return !(n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

}  // namespace

struct HttpClient::Impl {
  Executor executor;
  Endpoint endpoint;
  ClientLimits limits;
  std::vector<StreamSocket> idle;
  std::uint64_t bytes = 0;  // sent and received
  std::size_t owed = 0;     // calls that wait for the server

  [[nodiscard]] std::string name() const {
    if (!endpoint.label.empty()) return endpoint.label;
    return endpoint.unix_path.empty() ? fmt::format("{}:{}", endpoint.address, endpoint.port)
                                      : endpoint.unix_path.string();
  }
  std::optional<StreamSocket> take_idle() {
    while (!idle.empty()) {
      StreamSocket socket = std::move(idle.back());
      idle.pop_back();
      if (!is_stale(socket)) return socket;
    }
    return std::nullopt;
  }
  awaitable<Result<StreamSocket>> connect(Deadline deadline);
};

// A request that went out on a kept-alive connection, until the first byte of its answer: the server may have closed
// the connection while it was on its way, and then never saw it.
struct Replay {
  std::string head;
  BodyParts body;
  Deadline deadline;
};

struct ClientCall::Impl {
  Impl(std::shared_ptr<HttpClient::Impl> p, StreamSocket s)
      : pool(std::move(p)), socket(std::move(s)), timer(pool->executor) {}

  std::shared_ptr<HttpClient::Impl> pool;
  StreamSocket socket;
  asio::steady_timer timer;
  std::shared_ptr<bool> timed_out = std::make_shared<bool>(false);
  beast::flat_buffer buffer;
  std::optional<http::response_parser<http::buffer_body>> parser;
  std::optional<Replay> replay;
  bool is_head_request = false;
  bool body_sent = false;
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

  void arm(Deadline deadline) {
    if (deadline.is_never()) {
      timer.cancel();
      return;
    }
    timer.expires_at(deadline.time());
    // The socket outlives the wait: the timer is cancelled when the call goes, and the flag says if it was too late.
    timer.async_wait([this, alive = std::weak_ptr<bool>(timed_out)](const boost::system::error_code& ec) {
      const auto flag = alive.lock();
      if (ec || !flag) return;
      *flag = true;
      boost::system::error_code ignored;
      socket.cancel(ignored);
    });
  }

  Error translate(const boost::system::error_code& ec) {
    broken = true;
    if (*timed_out) return {Errc::deadline_exceeded, fmt::format("{} did not answer in time", pool->name())};
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
      if (*timed_out) co_return fail(translate(asio::error::operation_aborted));
      writing = true;
      count();
      const auto [ec, n] = co_await socket.async_write_some(parts, kTuple);
      writing = false;
      count();
      pool->bytes += n;
      if (ec) co_return fail(translate(ec));
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

  awaitable<Result<void>> receive() {
    if (*timed_out) co_return fail(translate(asio::error::operation_aborted));
    // The parser takes a header, a chunk's extensions and trailers only whole: none may be larger than a header.
    if (buffer.size() > pool->limits.header_bytes + kReadSize) {
      broken = true;
      co_return fail(Errc::protocol_error,
                     fmt::format("{} sent a malformed answer: no end of a chunk's header", pool->name()));
    }
    const auto space = buffer.prepare(kReadSize);
    reading = true;
    count();
    const auto [ec, n] = co_await socket.async_read_some(space, kTuple);
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
    socket = std::move(*connected);
    broken = false;
    co_return co_await send({again.head, again.body.first, again.body.second, again.body.third});
  }

  awaitable<Result<ResponseHead>> read_head() {
    for (;;) {
      parser.emplace();
      parser->header_limit(static_cast<std::uint32_t>(pool->limits.header_bytes));
      parser->body_limit(boost::none);
      parser->skip(is_head_request);
      while (!parser->is_header_done()) {
        if (buffer.size() == 0) {
          HEARTH_CO_TRY(co_await receive());
        }
        beast::error_code ec;
        const std::size_t used = parser->put(buffer.data(), ec);
        buffer.consume(used);
        if (ec == http::error::need_more) {
          HEARTH_CO_TRY(co_await receive());
          continue;
        }
        if (ec) {
          broken = true;
          co_return fail(Errc::protocol_error,
                         fmt::format("{} did not answer in HTTP: {}", pool->name(), ec.message()));
        }
      }
      const auto& message = parser->get();
      if (message.result_int() >= 100 && message.result_int() < 200) continue;
      ResponseHead head;
      head.status = static_cast<int>(message.result_int());
      for (const auto& field : message) {
        const auto name = field.name_string();
        head.headers.add(std::string(name.data(), name.size()),
                         std::string(field.value().data(), field.value().size()));
      }
      co_return head;
    }
  }

  awaitable<Result<std::size_t>> read_body(std::span<char> into) {
    while (!parser->is_done()) {
      if (buffer.size() > 0) {
        auto& body = parser->get().body();
        body.data = into.data();
        body.size = into.size();
        body.more = true;
        beast::error_code ec;
        const std::size_t used = parser->put(buffer.data(), ec);
        buffer.consume(used);
        const std::size_t got = into.size() - body.size;
        if (ec && ec != http::error::need_more && ec != http::error::need_buffer) {
          broken = true;
          co_return fail(Errc::protocol_error,
                         fmt::format("{} sent a malformed answer: {}", pool->name(), ec.message()));
        }
        if (got > 0) co_return got;
        if (parser->is_done()) break;
        if (ec != http::error::need_more && used > 0) continue;  // a chunk's header was taken, its bytes come next
      }
      HEARTH_CO_TRY(co_await receive());
    }
    co_return std::size_t{0};
  }

  void release() {
    timer.cancel();
    const bool reusable = !broken && !*timed_out && body_sent && parser && parser->is_done() && parser->keep_alive() &&
                          buffer.size() == 0;
    if (reusable && pool->idle.size() < pool->limits.idle_connections) pool->idle.push_back(std::move(socket));
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
  const std::string size = fmt::format("{:x}\r\n", part.size());
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
  if (head || !impl_->replay || head.error().kind() != Errc::io_error) co_return head;
  HEARTH_CO_TRY(co_await impl_->send_again());
  co_return co_await impl_->read_head();
}
awaitable<Result<std::size_t>> ClientCall::read_some(std::span<char> into) {
  return impl_->read_body(into);
}

awaitable<Result<std::string>> ClientCall::read_all(std::size_t limit) {
  std::string body;
  std::vector<char> part(kReadSize);
  for (;;) {
    const auto n = co_await impl_->read_body(part);
    if (!n) co_return fail(n.error());
    if (*n == 0) co_return body;
    if (body.size() + *n > limit)
      co_return fail(Errc::too_large,
                     fmt::format("the answer of {} is larger than {} bytes", impl_->pool->name(), limit));
    body.append(part.data(), *n);
  }
}

void ClientCall::set_deadline(Deadline deadline) noexcept {
  impl_->arm(deadline);
}

void ClientCall::abort() noexcept {
  impl_->broken = true;
  impl_->replay.reset();
  ::shutdown(impl_->socket.native_handle(), SHUT_RDWR);
}

HttpClient::HttpClient(Executor executor, Endpoint endpoint, ClientLimits limits)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(endpoint), limits)) {}
HttpClient::~HttpClient() {
  impl_->idle.clear();
}
Traffic HttpClient::traffic() const noexcept {
  return {.bytes = impl_->bytes, .owed = impl_->owed > 0};
}
void HttpClient::forget_idle() {
  impl_->idle.clear();
}

awaitable<Result<StreamSocket>> HttpClient::Impl::connect(Deadline deadline) {
  StreamSocket socket(executor);
  asio::generic::stream_protocol::endpoint to;
  if (!endpoint.unix_path.empty()) {
    const std::string path = endpoint.unix_path.string();
    if (path.size() > kMaxUnixPath)
      co_return fail(Errc::invalid_argument, fmt::format("the socket path {} is too long", path));
    to = asio::local::stream_protocol::endpoint(path);
  } else {
    boost::system::error_code ec;
    const auto address = asio::ip::make_address(endpoint.address, ec);
    if (ec) co_return fail(Errc::invalid_argument, fmt::format("'{}' is not an IP address", endpoint.address));
    to = asio::ip::tcp::endpoint(address, endpoint.port);
  }
  asio::steady_timer timer(executor, deadline.sooner_of(Deadline::in(limits.connect_time)).time());
  const auto timed_out = std::make_shared<bool>(false);
  timer.async_wait([&socket, alive = std::weak_ptr<bool>(timed_out)](const boost::system::error_code& ec) {
    const auto flag = alive.lock();
    if (ec || !flag) return;
    *flag = true;
    boost::system::error_code ignored;
    socket.cancel(ignored);
  });
  const auto [ec] = co_await socket.async_connect(to, kTuple);
  timer.cancel();
  if (*timed_out)
    co_return fail(Errc::deadline_exceeded, fmt::format("{} did not accept a connection in time", name()));
  if (ec == asio::error::operation_aborted) co_return fail(Errc::cancelled, "given up");
  if (ec) co_return fail(Errc::unavailable, fmt::format("nothing answers at {}: {}", name(), ec.message()));
  if (endpoint.unix_path.empty()) {
    boost::system::error_code ignored;
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  }
  co_return socket;
}

namespace {

std::string format_head(const RequestHead& head, std::string_view host, std::optional<std::size_t> length,
                        BodyKind body) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\n", head.method, head.target);
  if (!head.headers.has("Host")) text += fmt::format("Host: {}\r\n", host);
  append_fields(text, head.headers);
  if (length) {
    text += fmt::format("Content-Length: {}\r\n", *length);
  } else if (body == BodyKind::chunked) {
    text += "Transfer-Encoding: chunked\r\n";
  }
  text += "\r\n";
  return text;
}

}  // namespace

awaitable<Result<ClientCall>> HttpClient::open(RequestHead head, BodyKind body, Deadline deadline) {
  if (!is_clean_field(head.target) || !is_clean_field(head.method))
    co_return fail(Errc::invalid_argument, "a line break in a request's target");
  const std::shared_ptr<Impl> pool = impl_;
  std::optional<StreamSocket> socket = pool->take_idle();
  if (!socket) {
    auto connected = co_await pool->connect(deadline);
    if (!connected) co_return fail(connected.error());
    socket.emplace(std::move(*connected));
  }
  auto call = std::make_unique<ClientCall::Impl>(pool, std::move(*socket));
  call->is_head_request = head.method == "HEAD";
  call->arm(deadline);
  const std::string text =
      format_head(head, pool->endpoint.address.empty() ? "localhost" : pool->endpoint.address, std::nullopt, body);
  const auto sent = co_await call->send({text, {}, {}, {}});
  if (!sent) co_return fail(sent.error());
  call->body_sent = body == BodyKind::none;
  co_return ClientCall(std::move(call));
}

awaitable<Result<ClientCall>> HttpClient::send(RequestHead head, BodyParts body, Deadline deadline) {
  if (!is_clean_field(head.target) || !is_clean_field(head.method))
    co_return fail(Errc::invalid_argument, "a line break in a request's target");
  const std::shared_ptr<Impl> pool = impl_;
  const std::string text = format_head(head, pool->endpoint.address.empty() ? "localhost" : pool->endpoint.address,
                                       body.size(), BodyKind::none);
  for (bool reused = true; reused;) {
    std::optional<StreamSocket> socket = pool->take_idle();
    reused = socket.has_value();
    if (!socket) {
      auto connected = co_await pool->connect(deadline);
      if (!connected) co_return fail(connected.error());
      socket.emplace(std::move(*connected));
    }
    auto call = std::make_unique<ClientCall::Impl>(pool, std::move(*socket));
    call->is_head_request = head.method == "HEAD";
    call->arm(deadline);
    const auto sent = co_await call->send({text, body.first, body.second, body.third});
    call->body_sent = sent.has_value();
    if (sent && reused) call->replay.emplace(text, body, deadline);
    if (sent) co_return ClientCall(std::move(call));
    if (!reused || sent.error().kind() != Errc::io_error) co_return fail(sent.error());
  }
  co_return fail(Errc::internal, "unreachable");
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
