#include "connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/url/params_encoded_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <optional>

namespace hearth::kit {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr std::uint32_t kMaxHeader = 64 * 1024;
constexpr std::size_t kMaxDrain = 1024 * 1024;  // of a body nobody read, before the connection is given up instead

}  // namespace

struct Connection::Impl {
  explicit Impl(asio::local::stream_protocol::socket s) : socket(std::move(s)) {}

  asio::local::stream_protocol::socket socket;
  beast::flat_buffer buffer;
  std::optional<http::request_parser<http::buffer_body>> parser;
  std::string path;
  std::vector<std::pair<std::string, std::string>> params;

  enum class Answer { none, whole, streaming, failed };
  Answer answer = Answer::none;
  std::optional<http::response<http::empty_body>> pending_head;  // of a streamed answer, until its first chunk
  bool keep_alive = true;
  bool continue_wanted = false;  // the client holds its body back until it is told to go on

  // Did the peer send something that is no request, rather than leave?
  static bool refused(const beast::error_code& ec) {
    return ec.category() == make_error_code(http::error::bad_version).category() && ec != http::error::end_of_stream &&
           ec != http::error::partial_message;
  }

  bool parse_target() {
    const auto target = parser->get().target();
    const auto url = boost::urls::parse_origin_form({target.data(), target.size()});
    if (!url) return false;
    path = url->path();
    params.clear();
    for (const auto& p : url->params()) params.emplace_back(p.key, p.value);
    return true;
  }

  void prepare(auto& message, int status, std::string_view content_type) {
    message.version(11);
    message.result(static_cast<unsigned>(status));
    message.set(http::field::content_type, beast::string_view(content_type.data(), content_type.size()));
    message.keep_alive(parser->get().keep_alive());
  }
};

Connection::Connection(asio::local::stream_protocol::socket socket)
    : impl_(std::make_unique<Impl>(std::move(socket))) {}
Connection::~Connection() = default;

bool Connection::next() {
  Impl& c = *impl_;
  if (!c.keep_alive) return false;
  c.parser.emplace();
  c.parser->header_limit(kMaxHeader);
  c.parser->body_limit(boost::none);
  c.answer = Impl::Answer::none;
  c.pending_head.reset();
  beast::error_code ec;
  http::read_header(c.socket, c.buffer, *c.parser, ec);
  working_ = !ec || c.refused(ec);
  if (!working_) return false;
  if (!ec && c.parse_target()) {
    c.continue_wanted = beast::iequals(c.parser->get()[http::field::expect], "100-continue");
    return true;
  }
  error(400, "invalid_request", ec ? "this is not an HTTP request" : "the request's target is not a path");
  working_ = false;
  return false;
}

void Connection::finish() {
  Impl& c = *impl_;
  beast::error_code ec;
  if (c.answer == Impl::Answer::streaming) {
    if (c.pending_head) [[maybe_unused]]
      const auto sent = write({});
    if (c.answer == Impl::Answer::streaming) asio::write(c.socket, http::make_chunk_last(), ec);
    if (ec) c.answer = Impl::Answer::failed;
  }
  // A client that still holds its body back will never send it now: only a new connection is unambiguous.
  c.keep_alive = c.answer != Impl::Answer::failed && c.parser->get().keep_alive() && !c.continue_wanted;
  std::array<char, 16 * 1024> ignored;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  for (std::size_t drained = 0; c.keep_alive && !c.parser->is_done();) {
    const auto n = read(ignored);
    if (!n || (drained += *n) > kMaxDrain) c.keep_alive = false;
  }
  working_ = false;
}

void Connection::hang_up() {
  ::shutdown(impl_->socket.native_handle(), SHUT_RDWR);
}

std::string_view Connection::method() const {
  const auto m = impl_->parser->get().method_string();
  return {m.data(), m.size()};
}

std::string_view Connection::path() const {
  return impl_->path;
}

std::optional<std::string> Connection::query(std::string_view name) const {
  for (const auto& [key, value] : impl_->params)
    if (key == name) return value;
  return std::nullopt;
}

std::string_view Connection::header(std::string_view name) const {
  const auto value = impl_->parser->get()[beast::string_view(name.data(), name.size())];
  return {value.data(), value.size()};
}

Result<std::size_t> Connection::read(std::span<char> into) {
  Impl& c = *impl_;
  if (into.empty()) return std::size_t{0};
  if (c.continue_wanted && c.answer == Impl::Answer::none && !c.parser->is_done()) {
    constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
    beast::error_code ec;
    asio::write(c.socket, asio::buffer(kGoOn.data(), kGoOn.size()), ec);
    if (ec) return fail(Errc::io_error, fmt::format("the daemon hung up: {}", ec.message()));
  }
  c.continue_wanted = false;
  while (!c.parser->is_done()) {
    auto& body = c.parser->get().body();
    body.data = into.data();
    body.size = into.size();
    body.more = true;
    beast::error_code ec;
    http::read_some(c.socket, c.buffer, *c.parser, ec);
    if (ec == http::error::need_buffer) ec = {};
    const std::size_t got = into.size() - body.size;
    if (ec) return fail(Errc::io_error, fmt::format("the request's body ended early: {}", ec.message()));
    if (got > 0) return got;
  }
  return std::size_t{0};
}

bool Connection::abandoned() {
  pollfd p{impl_->socket.native_handle(), POLLRDHUP, 0};
  return ::poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void Connection::bytes(int status, std::string_view content_type, std::string_view body) {
  Impl& c = *impl_;
  if (c.answer != Impl::Answer::none) return abort();  // an answer already went out: this one would corrupt the stream
  http::response<http::span_body<const char>> message;
  c.prepare(message, status, content_type);
  message.body() = beast::span<const char>(body.data(), body.size());
  message.prepare_payload();
  beast::error_code ec;
  http::write(c.socket, message, ec);
  c.answer = ec ? Impl::Answer::failed : Impl::Answer::whole;
}

void Connection::start(int status, std::string_view content_type, std::span<const Header> headers) {
  Impl& c = *impl_;
  if (c.answer != Impl::Answer::none) return abort();
  c.pending_head.emplace();
  c.prepare(*c.pending_head, status, content_type);
  c.pending_head->chunked(true);
  for (const Header& h : headers)
    c.pending_head->insert(beast::string_view(h.name.data(), h.name.size()),
                           beast::string_view(h.value.data(), h.value.size()));
  c.answer = Impl::Answer::streaming;
}

Result<void> Connection::write(std::string_view chunk) {
  Impl& c = *impl_;
  if (c.answer != Impl::Answer::streaming) return fail(Errc::io_error, "the answer is already over");
  beast::error_code ec;
  if (c.pending_head) {
    http::response_serializer<http::empty_body> head(*c.pending_head);
    http::write_header(c.socket, head, ec);
    c.pending_head.reset();
  }
  if (!ec && !chunk.empty()) asio::write(c.socket, http::make_chunk(asio::buffer(chunk.data(), chunk.size())), ec);
  if (!ec) return {};
  c.answer = Impl::Answer::failed;
  return fail(Errc::io_error, fmt::format("the daemon hung up: {}", ec.message()));
}

void Connection::abort() {
  impl_->answer = Impl::Answer::failed;
  hang_up();
}

bool Connection::started() const {
  return impl_->answer != Impl::Answer::none;
}

}  // namespace hearth::kit
