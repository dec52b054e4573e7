// Finds a host, judges each of its addresses, and connects to the first that answers.
#pragma once

#include <hearth/egress/destination.h>
#include <hearth/egress/outer_proxy.h>
#include <hearth/net/runtime.h>

#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <vector>

namespace hearth::gate {

struct Connection {
  boost::asio::ip::tcp::socket socket;
  std::string address;  // with its port
};

// Belongs to one executor. stop() before it goes.
class WayOut {
 public:
  WayOut(net::Executor executor, std::optional<egress::OuterProxy> proxy);

  void set_policy(egress::Policy policy) { policy_ = std::move(policy); }
  // permission_denied, not_found, unavailable, deadline_exceeded, resource_exhausted, cancelled.
  net::awaitable<Result<Connection>> open(egress::Destination to, Deadline deadline);
  net::awaitable<void> stop() { return tasks_.stop(); }

 private:
  using Addresses = std::vector<egress::IpAddress>;
  struct Lookup;
  struct Race;
  // All addresses of a host, in the order in which they should be tried.
  net::awaitable<Result<Addresses>> find(std::string host, Deadline deadline);
  net::awaitable<void> look_up(std::shared_ptr<Lookup> lookup);
  net::awaitable<Result<Connection>> connect(egress::Destination to, egress::Allowance allowance, Deadline deadline);
  net::awaitable<Result<Connection>> race(egress::Destination to, Addresses addresses, Deadline deadline);
  net::awaitable<void> run(std::shared_ptr<Race> race, egress::IpAddress address, std::uint16_t port);
  net::awaitable<Result<Connection>> open_tunnel(egress::Destination to, Deadline deadline);

  net::Executor executor_;
  std::optional<egress::OuterProxy> proxy_;
  egress::Policy policy_;
  net::BlockingPool resolvers_;
  net::TaskGroup tasks_;
};

}  // namespace hearth::gate
