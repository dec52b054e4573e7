// What hearth-gate does for hearthd: takes its messages, opens connections, serves as a proxy.
#pragma once

#include "way_out.h"

#include <hearth/core/file.h>
#include <hearth/egress/gate_messages.h>
#include <hearth/net/runtime.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <map>
#include <memory>

namespace hearth::gate {

class Service {
 public:
  Service(net::Executor executor, Fd control, std::optional<egress::OuterProxy> proxy);

  // Until hearthd is gone. protocol_error, io_error.
  net::awaitable<Result<void>> run();

 private:
  using Client = boost::asio::local::stream_protocol::socket;
  struct Question;
  struct Tunnel;

  void take(egress::ToGate message, Fd fd);
  net::awaitable<void> open(egress::OpenMessage wish);
  net::awaitable<void> tell(egress::FromGate message, Fd fd = {});
  net::awaitable<void> serve_proxy(egress::ProxyMessage what, Fd listener);
  net::awaitable<void> serve_client(egress::ProxyMessage what, std::shared_ptr<Client> client);
  net::awaitable<Result<void>> ask(std::uint64_t id, egress::Destination to);
  net::awaitable<void> relay(std::uint64_t id, std::shared_ptr<Tunnel> tunnel);
  template <typename From, typename To>
  net::awaitable<void> copy(std::shared_ptr<Tunnel> tunnel, From* from, To* to, std::uint64_t* counted);

  net::Executor executor_;
  Fd control_;
  boost::asio::posix::stream_descriptor watched_;  // control_'s copy, to wait on
  WayOut way_out_;
  std::map<std::uint64_t, bool> opening_;  // false: not waited for any more
  std::map<std::uint64_t, std::shared_ptr<Question>> questions_;
  std::uint64_t next_client_ = 1;
  std::size_t clients_ = 0;
  net::TaskGroup tasks_;
};

}  // namespace hearth::gate
