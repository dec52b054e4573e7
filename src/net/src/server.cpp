#include "server_connection.h"
#include "tuple.h"

#include <hearth/core/log.h>
#include <hearth/net/server.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <list>
#include <vector>

namespace hearth::net {
namespace {

using boost::asio::ip::tcp;
using unix_stream = boost::asio::local::stream_protocol;

constexpr Millis kSweep{250};
constexpr std::size_t kMaxUnixPath = 107;

std::unexpected<Error> cannot_listen(const std::string& where, const boost::system::error_code& ec) {
  if (ec == asio::error::address_in_use) {
    return fail(
        Errc::already_exists,
        fmt::format("{} is in use by another program; choose another port with --listen or server.listen", where));
  }
  return fail(Errc::io_error, fmt::format("cannot listen on {}: {}", where, ec.message()));
}

}  // namespace

struct HttpServer::Impl {
  Impl(Executor e, ServerLimits limits, ErrorPages pages, Handler handler)
      : executor(e), shared{limits, std::move(pages), std::move(handler)}, all_closed(e), some_open(e), tasks(e) {
    all_closed.set();
    tasks.spawn("net.sweep", sweep());
  }

  Executor executor;
  ServerShared shared;
  std::list<std::unique_ptr<ServerConnection>> open;
  Event all_closed;
  Event some_open;
  std::vector<std::unique_ptr<tcp::acceptor>> tcp_acceptors;
  std::vector<std::unique_ptr<unix_stream::acceptor>> unix_acceptors;
  std::vector<std::filesystem::path> unix_paths;
  std::uint16_t port = 0;
  TaskGroup tasks;  // last: the first to go

  template <typename Acceptor>
  awaitable<void> accept_on(Acceptor* acceptor) {
    while (!shared.stopping) {
      auto [ec, socket] = co_await acceptor->async_accept(kTuple);
      if (ec == asio::error::operation_aborted || shared.stopping) co_return;
      if (ec) {
        // Out of descriptors or memory: those who wait in the backlog are served when it eases.
        log::warn("net", "cannot accept a connection", {{"error", ec.message()}});
        const auto slept = co_await sleep_for(Millis(100));
        if (!slept) co_return;
        continue;
      }
      admit(std::move(socket));
    }
  }

  template <typename Socket>
  void admit(Socket socket) {
    if (open.size() >= shared.limits.connections_hard) return;  // closes it
    std::string peer;
    if constexpr (std::is_same_v<Socket, tcp::socket>) {
      boost::system::error_code ec;
      socket.set_option(tcp::no_delay(true), ec);
      const auto remote = socket.remote_endpoint(ec);
      peer = ec ? "unknown" : remote.address().to_string();
    }
    const bool over_limit = open.size() >= shared.limits.connections;
    auto& entry = open.emplace_back(
        std::make_unique<ServerConnection>(StreamSocket(std::move(socket)), std::move(peer), over_limit, shared));
    const auto where = std::prev(open.end());
    all_closed.reset();
    some_open.set();
    auto ended = [this, where](const std::exception_ptr&) {
      open.erase(where);
      if (!open.empty()) return;
      some_open.reset();
      all_closed.set();
    };
    asio::co_spawn(executor, serve(entry.get()),
                   asio::bind_cancellation_slot(entry->signal().slot(), std::move(ended)));
  }

  static awaitable<void> serve(ServerConnection* connection) {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await connection->run();
  }

  // One coarse clock for all connections instead of a timer for each operation.
  awaitable<void> sweep() {
    for (;;) {
      const auto any = co_await some_open.wait();
      if (!any) co_return;
      const auto slept = co_await sleep_for(kSweep);
      if (!slept) co_return;
      const SteadyTime now = steady_now();
      for (auto it = open.begin(); it != open.end();) {
        const auto current = it++;  // being told may end a connection, and with it its entry
        (*current)->check_time(now);
      }
    }
  }
};

HttpServer::HttpServer(Executor executor, ServerLimits limits, ErrorPages error_pages, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(executor), limits, std::move(error_pages), std::move(handler))) {}

HttpServer::~HttpServer() = default;

Result<void> HttpServer::listen(const ListenAddress& address) {
  boost::system::error_code ec;
  if (!address.unix_path.empty()) {
    const std::string path = address.unix_path.string();
    if (path.size() > kMaxUnixPath)
      return fail(
          Errc::invalid_argument,
          fmt::format(
              "the socket path {} is longer than the {} characters the system allows; choose a shorter data folder",
              path, kMaxUnixPath));
    ::unlink(path.c_str());
    auto acceptor = std::make_unique<unix_stream::acceptor>(impl_->executor);
    const mode_t old = ::umask(0177);
    acceptor->open({}, ec);
    if (!ec) acceptor->bind(unix_stream::endpoint(path), ec);
    ::umask(old);
    if (!ec) acceptor->listen(asio::socket_base::max_listen_connections, ec);
    if (ec) return cannot_listen(path, ec);
    impl_->unix_paths.push_back(address.unix_path);
    impl_->tasks.spawn("net.accept", impl_->accept_on(acceptor.get()));
    impl_->unix_acceptors.push_back(std::move(acceptor));
    return {};
  }
  const std::string where = fmt::format("{}:{}", address.host, address.port);
  const tcp::endpoint endpoint(asio::ip::make_address(address.host, ec), address.port);
  if (ec) return cannot_listen(where, ec);
  auto acceptor = std::make_unique<tcp::acceptor>(impl_->executor);
  acceptor->open(endpoint.protocol(), ec);
  if (!ec) acceptor->set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && endpoint.address().is_v6()) acceptor->set_option(asio::ip::v6_only(true), ec);
  if (!ec) acceptor->bind(endpoint, ec);
  if (!ec) acceptor->listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return cannot_listen(where, ec);
  if (impl_->port == 0) impl_->port = acceptor->local_endpoint(ec).port();
  impl_->tasks.spawn("net.accept", impl_->accept_on(acceptor.get()));
  impl_->tcp_acceptors.push_back(std::move(acceptor));
  return {};
}

std::uint16_t HttpServer::port() const noexcept {
  return impl_->port;
}

awaitable<void> HttpServer::stop(Deadline deadline) {
  Impl& server = *impl_;
  server.shared.stopping = true;
  boost::system::error_code ignored;
  for (auto& acceptor : server.tcp_acceptors) acceptor->close(ignored);
  for (auto& acceptor : server.unix_acceptors) acceptor->close(ignored);
  for (const auto& path : server.unix_paths) ::unlink(path.c_str());
  for (auto& connection : server.open) connection->close_if_idle();
  const auto drained = co_await server.all_closed.wait(deadline);
  while (!drained && !server.open.empty()) {
    std::vector<ServerConnection*> left;
    for (auto& connection : server.open) left.push_back(connection.get());
    for (ServerConnection* connection : left) {
      // Emitting may end a connection, and with it its entry: look again each time.
      const bool still_open = std::ranges::any_of(server.open, [&](const auto& c) { return c.get() == connection; });
      if (!still_open) continue;
      connection->cut();
      connection->signal().emit(asio::cancellation_type::terminal);
    }
    const auto closed = co_await server.all_closed.wait(Deadline::in(Millis(50)));
    if (closed) break;
  }
  co_await server.tasks.stop();
}

std::size_t HttpServer::connections() const noexcept {
  return impl_->open.size();
}
std::size_t HttpServer::requests_in_flight() const noexcept {
  return impl_->shared.in_flight;
}

}  // namespace hearth::net
