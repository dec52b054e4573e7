// A local engine as the gateway sees it.
#pragma once

#include <hearth/engines/supervisor.h>
#include <hearth/gateway/upstream.h>

#include <string>

namespace hearth::daemon {

class EngineUpstream final : public gateway::Upstream {
 public:
  // `supervisor` outlives this.
  EngineUpstream(engines::Supervisor* supervisor, std::string engine)
      : supervisor_(supervisor), engine_(std::move(engine)) {}

  std::string_view name() const override { return engine_; }
  const gateway::UpstreamFacts& facts() const override { return facts_; }
  bool ready() const override;
  net::awaitable<Result<std::unique_ptr<gateway::Lease>>> acquire(Deadline deadline) override;
  Seconds retry_after() const override { return supervisor_->retry_after(engine_); }

 private:
  engines::Supervisor* supervisor_;
  std::string engine_;
  gateway::UpstreamFacts facts_;
};

}  // namespace hearth::daemon
