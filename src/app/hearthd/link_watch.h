// Watches the line to the world outside, and tells when it comes and goes.
#pragma once

#include <hearth/egress/http.h>
#include <hearth/egress/link_state.h>
#include <hearth/net/runtime.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hearth::daemon {

// Asks for a page and looks whether it is the right one (judge_probe()). `http` outlives the call.
net::awaitable<egress::Evidence> probe_page(egress::Http* http, std::string url, std::string expected);

// Connects to one host after the other until one answers.
struct HostAndPort {
  std::string host;
  std::uint16_t port = 443;
};
net::awaitable<egress::Evidence> probe_hosts(egress::Connect connect, std::vector<HostAndPort> hosts);

// Belongs to the I/O thread, but for state(). The collaborators outlive it.
class LinkWatch {
 public:
  struct With {
    net::BlockingPool* pool = nullptr;
    egress::LinkPolicy policy;
    std::function<net::awaitable<egress::Evidence>()> probe;  // not set where the policy does not probe
    std::function<void(egress::LinkState)> changed;
  };
  LinkWatch(net::Executor executor, With with);

  void start();
  net::awaitable<void> stop();
  // Any thread.
  [[nodiscard]] egress::LinkState state() const noexcept { return state_; }
  // What calls to the world outside found out.
  void call_answered();
  void call_failed();

 private:
  net::awaitable<void> run();
  net::awaitable<void> probe();
  void note();

  const With with_;
  egress::LinkMonitor monitor_;
  bool probing_ = false;
  std::atomic<egress::LinkState> state_{egress::LinkState::online};
  net::Event wake_;
  net::TaskGroup tasks_;
};

}  // namespace hearth::daemon
