#include "way_out.h"

#include <hearth/egress/proxy_request.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

namespace hearth::gate {

namespace asio = boost::asio;
using asio::ip::tcp;
using egress::Destination;
using egress::IpAddress;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kResolvers = 4;
constexpr std::size_t kMostLookups = 256;
constexpr std::size_t kMostAddresses = 8;  // of one host are tried
constexpr Millis kHeadStart{250};          // of an address before the next is tried, too (RFC 8305)
constexpr std::size_t kMaxTunnelAnswer = 8 * 1024;

Error cannot_find(const std::string& host, int code) {
  if (code == EAI_NONAME || code == EAI_NODATA)
    return {Errc::not_found, fmt::format("{} cannot be found: there is no such name", host)};
  if (code == EAI_AGAIN || code == EAI_FAIL || code == EAI_SYSTEM)
    return {Errc::unavailable, fmt::format("{} cannot be found now: is this box on the net?", host)};
  return {Errc::unavailable, fmt::format("{} cannot be found ({})", host, ::gai_strerror(code))};
}

// Blocks for as long as the system's resolver likes.
Result<std::vector<IpAddress>> resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (code != 0) return fail(cannot_find(host, code));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  std::vector<IpAddress> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    const auto address = IpAddress::from(at->ai_addr, at->ai_addrlen);
    if (address && std::ranges::find(addresses, *address) == addresses.end()) addresses.push_back(*address);
  }
  if (addresses.empty()) return fail(cannot_find(host, EAI_NONAME));
  return addresses;
}

tcp::endpoint endpoint_of(const IpAddress& address, std::uint16_t port) {
  if (address.is_v4()) return {asio::ip::address_v4(address.number()), port};
  asio::ip::address_v6::bytes_type bytes;
  std::ranges::copy(address.bytes(), bytes.begin());
  return {asio::ip::address_v6(bytes), port};
}

std::unexpected<Error> too_late(const Destination& to) {
  return fail(Errc::deadline_exceeded, fmt::format("{} did not take a connection in time", to.host));
}

// Closes a socket at a deadline, so that what waits on it ends.
class Guard {
 public:
  Guard(tcp::socket& socket, Deadline deadline) : timer_(socket.get_executor(), deadline.time()) {
    state_->socket = &socket;
    timer_.async_wait([state = state_](const boost::system::error_code& ec) {
      if (ec || state->socket == nullptr) return;
      state->passed = true;
      boost::system::error_code ignored;
      state->socket->close(ignored);
    });
  }
  ~Guard() { state_->socket = nullptr; }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  [[nodiscard]] bool passed() const { return state_->passed; }

 private:
  struct State {
    tcp::socket* socket = nullptr;
    bool passed = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
  asio::steady_timer timer_;
};

}  // namespace

struct WayOut::Lookup {
  Lookup(const net::Executor& executor, std::string h) : host(std::move(h)), came(executor) {}
  std::string host;
  net::Event came;
  std::optional<Result<Addresses>> result;
};

// Attempts at several addresses of one host; the first that stands wins.
struct WayOut::Race {
  explicit Race(const net::Executor& executor) : news(executor) {}
  net::Event news;
  std::vector<std::shared_ptr<tcp::socket>> sockets;
  std::optional<Connection> winner;
  std::optional<Error> last;
  std::size_t running = 0;
  bool over = false;
};

WayOut::WayOut(net::Executor executor, std::optional<egress::OuterProxy> proxy)
    : executor_(executor), proxy_(std::move(proxy)), resolvers_(kResolvers, kMostLookups), tasks_(executor) {}

net::awaitable<void> WayOut::look_up(std::shared_ptr<Lookup> lookup) {
  auto found = co_await resolvers_.run([host = lookup->host] { return resolve(host); });
  lookup->result = std::move(found);
  lookup->came.set();
}

net::awaitable<Result<WayOut::Addresses>> WayOut::find(std::string host, Deadline deadline) {
  if (const auto literal = IpAddress::parse(host)) co_return Addresses{*literal};
  const auto lookup = std::make_shared<Lookup>(executor_, host);
  tasks_.spawn("lookup", look_up(lookup));
  const auto came = co_await lookup->came.wait(deadline);
  if (!came && came.error().is(Errc::deadline_exceeded))
    co_return fail(Errc::unavailable, fmt::format("{} cannot be found in time: is this box on the net?", host));
  if (!came) co_return fail(came.error());
  co_return std::move(*lookup->result);
}

net::awaitable<void> WayOut::run(std::shared_ptr<Race> race, IpAddress address, std::uint16_t port) {
  const auto socket = std::make_shared<tcp::socket>(executor_);
  race->sockets.push_back(socket);
  const tcp::endpoint to = endpoint_of(address, port);
  const auto [ec] = co_await socket->async_connect(to, kTuple);
  --race->running;
  if (ec)
    race->last = Error(Errc::unavailable, fmt::format("{} does not answer: {}", address.with_port(port), ec.message()));
  if (!ec && !race->over && !race->winner) {
    boost::system::error_code ignored;
    socket->set_option(tcp::no_delay(true), ignored);
    race->winner = Connection{std::move(*socket), address.with_port(port)};
  }
  race->news.set();
}

net::awaitable<Result<Connection>> WayOut::race(Destination to, Addresses addresses, Deadline deadline) {
  const auto race = std::make_shared<Race>(executor_);
  std::size_t next = 0;
  std::optional<Error> ended;
  while (!race->winner && !ended && (next < addresses.size() || race->running > 0)) {
    if (next < addresses.size()) {
      ++race->running;
      tasks_.spawn("connect", run(race, addresses[next++], to.port));
    }
    race->news.reset();
    const Deadline patience = next < addresses.size() ? deadline.sooner_of(Deadline::in(kHeadStart)) : deadline;
    const auto heard = co_await race->news.wait(patience);
    if (!heard && heard.error().is(Errc::cancelled)) ended = heard.error();
    if (deadline.passed() && !race->winner) ended = too_late(to).error();
  }
  race->over = true;
  for (const auto& socket : race->sockets) {
    boost::system::error_code ignored;
    socket->close(ignored);
  }
  if (race->winner) co_return std::move(*race->winner);
  if (ended) co_return fail(*std::move(ended));
  co_return fail(Errc::unavailable, race->last ? race->last->message() : fmt::format("{} does not answer", to.host));
}

net::awaitable<Result<Connection>> WayOut::connect(Destination to, egress::Allowance allowance, Deadline deadline) {
  const std::string host = to.host;
  const auto found = co_await find(host, deadline);
  if (!found) co_return fail(found.error());
  Addresses allowed;
  std::optional<Error> refused;
  for (const IpAddress& address : *found) {
    const auto judged = egress::judge_address(allowance, to, address);
    if (judged && allowed.size() < kMostAddresses) allowed.push_back(address);
    if (!judged) refused = judged.error();
  }
  if (allowed.empty()) co_return fail(*std::move(refused));
  co_return co_await race(std::move(to), std::move(allowed), deadline);
}

net::awaitable<Result<Connection>> WayOut::open_tunnel(Destination to, Deadline deadline) {
  const Destination proxy{.purpose = to.purpose, .host = proxy_->host, .port = proxy_->port, .who = to.who};
  const egress::Allowance named{.nearby = true, .rule = "the environment's proxy"};
  auto reached = co_await connect(proxy, named, deadline);
  if (!reached) co_return fail(reached.error().wrap(fmt::format("the proxy to {} cannot be reached", to.host)));
  Connection connection = std::move(*reached);
  const Guard guard(connection.socket, deadline);
  const std::string request = egress::tunnel_request(*proxy_, to);
  const auto [failed, written] = co_await asio::async_write(connection.socket, asio::buffer(request), kTuple);
  std::string answer;
  boost::system::error_code ec = failed;
  // Byte by byte: what follows the head belongs to whom the tunnel is for.
  while (!ec && answer.size() < kMaxTunnelAnswer && egress::find_head_end(answer) == std::string::npos) {
    char one = 0;
    const auto [broken, n] = co_await connection.socket.async_read_some(asio::buffer(&one, 1), kTuple);
    ec = broken;
    if (n == 1) answer += one;
  }
  if (guard.passed()) co_return too_late(to);
  if (ec || egress::find_head_end(answer) == std::string::npos)
    co_return fail(Errc::unavailable, fmt::format("the proxy {} breaks off", proxy_->host));
  const auto stands = egress::check_tunnel_answer(answer, *proxy_);
  if (!stands) co_return fail(stands.error());
  co_return connection;
}

net::awaitable<Result<Connection>> WayOut::open(Destination to, Deadline deadline) {
  auto allowance = egress::judge(policy_, to);
  if (!allowance) co_return fail(allowance.error());
  if (const auto literal = IpAddress::parse(to.host)) {
    const auto judged = egress::judge_address(*allowance, to, *literal);
    if (!judged) co_return fail(judged.error());
  }
  const bool tunnel = proxy_ && egress::goes_through(*proxy_, to, *allowance);
  if (tunnel) co_return co_await open_tunnel(std::move(to), deadline);
  co_return co_await connect(std::move(to), std::move(*allowance), deadline);
}

}  // namespace hearth::gate
