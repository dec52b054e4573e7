#include "service.h"

#include <hearth/egress/datagram.h>
#include <hearth/egress/proxy_request.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <optional>

namespace hearth::gate {

namespace asio = boost::asio;
namespace egress = hearth::egress;
using asio::local::stream_protocol;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kMostClients = 128;
constexpr std::size_t kMostOpening = 4096;  // those that nobody waits for any more included
constexpr Millis kHeadTime{30'000};         // for a client to say what it wants
constexpr Millis kVerdictTime{10'000};      // for hearthd to say whether it may
constexpr Millis kConnectTime{30'000};
constexpr Seconds kIdleTime{600};  // a tunnel without a byte
constexpr std::size_t kBuffer = 64 * 1024;

Fd release(asio::ip::tcp::socket& socket) {
  boost::system::error_code ec;
  const int fd = socket.release(ec);
  return Fd(ec ? -1 : fd);
}

}  // namespace

struct Service::Question {
  explicit Question(const net::Executor& executor) : answered(executor) {}
  net::Event answered;
  std::optional<Result<void>> verdict;
};

struct Service::Tunnel {
  Tunnel(const net::Executor& executor, std::shared_ptr<Client> c, Connection connection)
      : client(std::move(c)), world(std::move(connection.socket)), news(executor) {}
  std::shared_ptr<Client> client;
  asio::ip::tcp::socket world;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  SteadyTime last = steady_now();
  int open_ways = 2;
  net::Event news;

  void close() {
    boost::system::error_code ignored;
    client->close(ignored);
    world.close(ignored);
  }
};

Service::Service(net::Executor executor, Fd control, std::optional<egress::OuterProxy> proxy)
    : executor_(executor),
      control_(std::move(control)),
      watched_(executor, ::dup(control_.get())),
      way_out_(executor, std::move(proxy)),
      tasks_(executor) {}

net::awaitable<void> Service::tell(egress::FromGate message, Fd fd) {
  const std::string text = egress::write_message(message);
  for (;;) {
    const auto sent = egress::send_datagram(control_.get(), text, fd.get());
    if (sent || !sent.error().is(Errc::unavailable)) co_return;  // hearthd is gone: run() sees it
    const auto [ec] = co_await watched_.async_wait(asio::posix::stream_descriptor::wait_write, kTuple);
    if (ec) co_return;
  }
}

net::awaitable<void> Service::open(egress::OpenMessage wish) {
  auto opened = co_await way_out_.open(wish.to, Deadline::in(Millis(wish.millis)));
  const bool wanted = opening_[wish.id];
  opening_.erase(wish.id);
  if (!wanted) co_return;
  if (!opened) {
    egress::FailedMessage failed{wish.id, opened.error().kind(), opened.error().describe()};
    co_return co_await tell(std::move(failed));
  }
  Fd fd = release(opened->socket);
  egress::OpenedMessage message{wish.id, std::move(opened->address)};
  co_await tell(std::move(message), std::move(fd));
}

net::awaitable<Result<void>> Service::ask(std::uint64_t id, egress::Destination to) {
  const auto question = std::make_shared<Question>(executor_);
  questions_.emplace(id, question);
  egress::AsksMessage message{id, std::move(to)};
  co_await tell(std::move(message));
  const auto answered = co_await question->answered.wait(Deadline::in(kVerdictTime));
  questions_.erase(id);
  if (!answered) co_return fail(answered.error());
  co_return *question->verdict;
}

// One way of a tunnel, until its end or the first error.
template <typename From, typename To>
net::awaitable<void> Service::copy(std::shared_ptr<Tunnel> tunnel, From* from, To* to, std::uint64_t* counted) {
  std::vector<char> buffer(kBuffer);
  boost::system::error_code ec;
  while (!ec) {
    const auto [broken, n] = co_await from->async_read_some(asio::buffer(buffer), kTuple);
    ec = broken;
    if (n > 0) {
      tunnel->last = steady_now();
      *counted += n;
      const auto [stuck, written] = co_await asio::async_write(*to, asio::buffer(buffer.data(), n), kTuple);
      if (stuck) ec = stuck;
    }
  }
  boost::system::error_code ignored;
  if (ec == asio::error::eof) {
    to->shutdown(To::shutdown_send, ignored);
  } else {
    tunnel->close();
  }
  --tunnel->open_ways;
  tunnel->news.set();
}

net::awaitable<void> Service::relay(std::uint64_t id, std::shared_ptr<Tunnel> tunnel) {
  tasks_.spawn("tunnel out", copy(tunnel, tunnel->client.get(), &tunnel->world, &tunnel->sent));
  tasks_.spawn("tunnel in", copy(tunnel, &tunnel->world, tunnel->client.get(), &tunnel->received));
  while (tunnel->open_ways > 0) {
    tunnel->news.reset();
    const auto heard = co_await tunnel->news.wait(Deadline::at(tunnel->last + kIdleTime));
    if (!heard && (heard.error().is(Errc::cancelled) || steady_now() - tunnel->last >= kIdleTime)) tunnel->close();
  }
  egress::OverMessage over{id, tunnel->sent, tunnel->received};
  co_await tell(over);
}

net::awaitable<void> Service::serve_client(egress::ProxyMessage what, std::shared_ptr<Client> client) {
  asio::steady_timer timer(executor_, kHeadTime);
  timer.async_wait([client](const boost::system::error_code& ec) {
    boost::system::error_code ignored;
    if (!ec) client->close(ignored);
  });
  std::string text;
  std::array<char, 4096> part;  // NOLINT(cppcoreguidelines-pro-type-member-init): read fills it
  while (egress::find_head_end(text) == std::string::npos && text.size() <= egress::kMaxProxyHead) {
    const auto [ec, n] = co_await client->async_read_some(asio::buffer(part), kTuple);
    if (ec) co_return;
    text.append(part.data(), n);
  }
  timer.cancel();
  const std::size_t end = std::min(egress::find_head_end(text), text.size());
  auto request = egress::parse_proxy_request(std::string_view(text).substr(0, end));
  std::optional<Error> refused;
  std::optional<Connection> connection;
  const std::uint64_t id = next_client_++;
  bool recorded = false;
  if (!request) {
    refused = request.error();
  } else {
    const egress::Destination to{
        .purpose = what.purpose, .host = request->host, .port = request->port, .who = what.who};
    const auto may = co_await ask(id, to);
    recorded = may.has_value();
    if (!may) refused = may.error();
    if (may) {
      auto opened = co_await way_out_.open(to, Deadline::in(kConnectTime));
      if (!opened) refused = opened.error();
      if (opened) connection.emplace(std::move(*opened));
    }
  }
  if (refused) {
    const std::string answer = egress::proxy_refusal(*refused);
    co_await asio::async_write(*client, asio::buffer(answer), kTuple);
    egress::OverMessage over{id, 0, 0};
    if (recorded) co_await tell(over);
    co_return;
  }
  const auto tunnel = std::make_shared<Tunnel>(executor_, client, std::move(*connection));
  const std::string to_world = request->head + text.substr(end);
  constexpr std::string_view kStands = "HTTP/1.1 200 Connection established\r\n\r\n";
  boost::system::error_code broken;
  if (request->tunnel) {
    const auto [ec, n] = co_await asio::async_write(*client, asio::buffer(kStands), kTuple);
    broken = ec;
  }
  if (!broken && !to_world.empty()) {
    const auto [ec, n] = co_await asio::async_write(tunnel->world, asio::buffer(to_world), kTuple);
    tunnel->sent += n;
  }
  co_await relay(id, tunnel);
}

net::awaitable<void> Service::serve_proxy(egress::ProxyMessage what, Fd listener) {
  boost::system::error_code ec;
  stream_protocol::acceptor acceptor(executor_);
  acceptor.assign(stream_protocol(), listener.get(), ec);
  if (ec) co_return;
  static_cast<void>(listener.release());
  for (;;) {
    const auto client = std::make_shared<Client>(executor_);
    const auto [failed] = co_await acceptor.async_accept(*client, kTuple);
    if (failed == asio::error::operation_aborted) co_return;
    if (failed) {  // out of descriptors: those who are served end some day
      const auto slept = co_await net::sleep_for(Millis(100));
      if (!slept) co_return;
      continue;
    }
    if (clients_ >= kMostClients) continue;
    ++clients_;
    const auto serve = [](Service* self, egress::ProxyMessage w, std::shared_ptr<Client> c) -> net::awaitable<void> {
      co_await self->serve_client(std::move(w), std::move(c));
      --self->clients_;
    };
    tasks_.spawn("proxy's client", serve(this, what, client));
  }
}

void Service::take(egress::ToGate message, Fd fd) {
  if (auto* wish = std::get_if<egress::OpenMessage>(&message)) {
    if (opening_.size() >= kMostOpening) {
      tasks_.spawn("full", tell(egress::FailedMessage{wish->id, Errc::resource_exhausted,
                                                      "too many connections are being opened; try again in a moment"}));
      return;
    }
    opening_[wish->id] = true;
    tasks_.spawn("open", open(std::move(*wish)));
  } else if (const auto* drop = std::get_if<egress::DropMessage>(&message)) {
    if (const auto found = opening_.find(drop->id); found != opening_.end()) found->second = false;
  } else if (auto* policy = std::get_if<egress::PolicyMessage>(&message)) {
    way_out_.set_policy(std::move(policy->policy));
  } else if (auto* proxy = std::get_if<egress::ProxyMessage>(&message)) {
    if (fd) tasks_.spawn("proxy", serve_proxy(std::move(*proxy), std::move(fd)));
  } else if (auto* verdict = std::get_if<egress::VerdictMessage>(&message)) {
    const auto asked = questions_.find(verdict->id);
    if (asked == questions_.end()) return;
    asked->second->verdict =
        verdict->yes ? Result<void>() : fail(Errc::permission_denied, std::move(verdict->sentence));
    asked->second->answered.set();
  }
}

net::awaitable<Result<void>> Service::run() {
  for (;;) {
    auto got = egress::receive_datagram(control_.get(), egress::kMaxGateMessage);
    if (!got && got.error().is(Errc::unavailable)) {
      const auto [ec] = co_await watched_.async_wait(asio::posix::stream_descriptor::wait_read, kTuple);
      if (ec) co_return Result<void>();
      continue;
    }
    if (!got) co_return fail(got.error());
    if (got->text.empty()) co_return Result<void>();
    auto message = egress::read_to_gate(got->text);
    if (!message) co_return fail(message.error());
    take(std::move(*message), std::move(got->fd));
  }
}

}  // namespace hearth::gate
