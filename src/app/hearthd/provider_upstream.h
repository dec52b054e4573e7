// A server elsewhere as the gateway sees it: one of `providers:` in hearth.yaml.
//
// I/O thread only.
#pragma once

#include <hearth/config/config.h>
#include <hearth/egress/gate.h>
#include <hearth/gateway/breaker.h>
#include <hearth/gateway/catalogue.h>
#include <hearth/gateway/upstream.h>
#include <hearth/spend/prices.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hearth::daemon {

// The line to the world outside, as calls to providers need and find it. Each may be empty.
struct Line {
  std::function<bool()> is_down;     // nothing beyond the local network can be reached
  std::function<void()> answered;    // somebody out there did
  std::function<void()> unanswered;  // nobody did; it may have been the server's own fault
};

// The highest class of data that may go there: outside of `regions`, where there are any, nothing that is personal
// does. What nobody said the region of is outside.
DataClass may_see(const config::Provider& provider, const std::vector<std::string>& regions);

class ProviderUpstream final : public gateway::Upstream {
 public:
  // `gate` opens its connections and outlives it. invalid_argument: its URL, io_error: a key's file cannot be read.
  static Result<std::shared_ptr<ProviderUpstream>> create(net::Executor executor, egress::Gate* gate, std::string name,
                                                          const config::Provider& provider,
                                                          const std::vector<std::string>& regions, Line line);
  ~ProviderUpstream() override;

  std::string_view name() const override;
  const gateway::UpstreamFacts& facts() const override;
  bool ready() const override { return obstacle().empty(); }
  std::string obstacle() const override;
  net::awaitable<Result<std::unique_ptr<gateway::Lease>>> acquire(Deadline deadline) override;
  Seconds retry_after() const override;
  void close() override;

 private:
  struct Impl;
  explicit ProviderUpstream(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with leases
};

// The models of all providers; `prices` say how long their answers can be. A provider whose key cannot be read is left
// out, and why is logged.
std::vector<gateway::Model> provider_models(net::Executor executor, egress::Gate* gate,
                                            const std::map<std::string, config::Provider>& providers,
                                            const std::vector<std::string>& regions, const spend::PriceBook& prices,
                                            const Line& line);

}  // namespace hearth::daemon
