#include "wire.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>

namespace hearth::net {
namespace {

constexpr std::size_t kMaxUnixPath = 107;

// The same kinds of failure as everywhere, with what a caller must know besides: the server has seen no request.
class BeforeRequest final : public std::error_category {
 public:
  const char* name() const noexcept override { return "hearth.before_request"; }
  std::string message(int value) const override { return std::string(to_string(static_cast<Errc>(value))); }
  std::error_condition default_error_condition(int value) const noexcept override {
    return {value, hearth::error_category()};
  }
};

const std::error_category& before_request_category() noexcept {
  static const BeforeRequest category;
  return category;
}

std::unexpected<Error> refuse(Errc kind, std::string message) {
  return fail(before_request(kind, std::move(message)));
}

// "api.example.com:443" -> "api.example.com", "[::1]:443" -> "::1"
std::string without_port(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  const auto colon = host.rfind(':');
  return colon == std::string::npos || host.find(':') != colon ? host : host.substr(0, colon);
}

Result<asio::generic::stream_protocol::endpoint> destination(const Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) {
    const std::string path = endpoint.unix_path.string();
    if (path.size() > kMaxUnixPath)
      return refuse(Errc::invalid_argument, fmt::format("the socket path {} is too long", path));
    return asio::local::stream_protocol::endpoint(path);
  }
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(endpoint.address, ec);
  if (ec) return refuse(Errc::invalid_argument, fmt::format("'{}' is not an IP address", endpoint.address));
  return asio::ip::tcp::endpoint(address, endpoint.port);
}

Result<StreamSocket> adopt(const Executor& executor, Fd fd, const std::string& name) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)  // NOLINT: the system's interface
    return refuse(Errc::internal, fmt::format("what came as the connection to {} is no socket", name));
  StreamSocket socket(executor);
  boost::system::error_code ec;
  socket.assign(asio::generic::stream_protocol(address.ss_family, 0), fd.get(), ec);
  if (ec)
    return refuse(Errc::internal, fmt::format("the connection to {} cannot be taken over: {}", name, ec.message()));
  [[maybe_unused]] const int taken = fd.release();
  return socket;
}

awaitable<Result<StreamSocket>> connect(Executor executor, const Endpoint& endpoint, std::string name,
                                        Deadline deadline) {
  if (endpoint.connector) {
    auto connected = co_await endpoint.connector(deadline);
    if (!connected) co_return refuse(connected.error().kind(), connected.error().describe());
    co_return adopt(executor, std::move(*connected), name);
  }
  const auto to = destination(endpoint);
  if (!to) co_return fail(to.error());
  StreamSocket socket(executor);
  const TimeLimit limit(socket, deadline);
  const auto [ec] = co_await socket.async_connect(*to, kTuple);
  if (limit.passed())
    co_return refuse(Errc::deadline_exceeded, fmt::format("{} did not accept a connection in time", name));
  if (ec == asio::error::operation_aborted) co_return refuse(Errc::cancelled, "given up");
  if (ec) co_return refuse(Errc::unavailable, fmt::format("nothing answers at {}: {}", name, ec.message()));
  co_return socket;
}

}  // namespace

Error before_request(Errc kind, std::string message) {
  return {std::error_code(static_cast<int>(kind), before_request_category()), std::move(message)};
}

bool nothing_was_sent(const Error& error) noexcept {
  return error.code().category() == before_request_category();
}

struct TimeLimit::Impl {
  Impl(StreamSocket& s, Deadline deadline) : socket(s), timer(s.get_executor(), deadline.time()) {}
  StreamSocket& socket;
  asio::steady_timer timer;
  bool passed = false;
};

TimeLimit::TimeLimit(StreamSocket& socket, Deadline deadline) : impl_(std::make_shared<Impl>(socket, deadline)) {
  if (deadline.is_never()) return;
  impl_->timer.async_wait([alive = std::weak_ptr<Impl>(impl_)](const boost::system::error_code& ec) {
    const auto impl = alive.lock();
    if (ec || !impl) return;
    impl->passed = true;
    boost::system::error_code ignored;
    impl->socket.cancel(ignored);
  });
}
TimeLimit::~TimeLimit() = default;

bool TimeLimit::passed() const noexcept {
  return impl_->passed;
}

bool Wire::is_stale() {
  char byte = 0;
  const ssize_t n = ::recv(socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return !(n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

awaitable<Result<Wire>> open_wire(Executor executor, const Endpoint& endpoint, std::string name, Deadline deadline,
                                  SSL_SESSION* session) {
  auto socket = co_await connect(executor, endpoint, name, deadline);
  if (!socket) co_return fail(socket.error());
  if (endpoint.unix_path.empty()) {
    boost::system::error_code ignored;  // what a connector gave may be a Unix socket
    socket->set_option(asio::ip::tcp::no_delay(true), ignored);
  }
  if (!endpoint.tls) co_return Wire(std::move(*socket));

  const std::string host = endpoint.host.empty() ? endpoint.address : without_port(endpoint.host);
  if (host.empty())  // to OpenSSL that would mean any
    co_return refuse(Errc::invalid_argument, fmt::format("the host that {} has a certificate for is not known", name));
  auto stream = prepare_tls(std::move(*socket), *endpoint.tls, host, session);
  if (!stream) co_return refuse(stream.error().kind(), stream.error().message());
  const TimeLimit limit((*stream)->next_layer(), deadline);
  const auto [ec] = co_await (*stream)->async_handshake(asio::ssl::stream_base::client, kTuple);
  if (limit.passed())
    co_return refuse(Errc::deadline_exceeded, fmt::format("{} did not finish the TLS handshake in time", name));
  if (ec == asio::error::operation_aborted) co_return refuse(Errc::cancelled, "given up");
  if (ec) {
    const Error why = explain_handshake(**stream, ec, name, host);
    co_return refuse(why.kind(), why.message());
  }
  co_return Wire(std::move(*stream));
}

}  // namespace hearth::net
