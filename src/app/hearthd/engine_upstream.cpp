#include "engine_upstream.h"

namespace hearth::daemon {
namespace {

engines::Outcome translate(gateway::Outcome outcome) {
  switch (outcome) {
    case gateway::Outcome::ok:
      return engines::Outcome::ok;
    case gateway::Outcome::limited:
    case gateway::Outcome::refused:
    case gateway::Outcome::error:
      return engines::Outcome::error;
    case gateway::Outcome::exhausted:
      return engines::Outcome::exhausted;
    case gateway::Outcome::failed:
      return engines::Outcome::failed;
    case gateway::Outcome::timed_out:
      return engines::Outcome::timed_out;
    case gateway::Outcome::cancelled:
      return engines::Outcome::cancelled;
  }
  return engines::Outcome::cancelled;
}

class EngineLease final : public gateway::Lease {
 public:
  explicit EngineLease(engines::Lease lease) : lease_(std::move(lease)) {}
  net::HttpClient& client() override { return lease_.client(); }
  Deadline deadline() const override { return lease_.deadline(); }
  void finish(gateway::Outcome outcome, std::optional<Millis>) override { lease_.finish(translate(outcome)); }

 private:
  engines::Lease lease_;
};

}  // namespace

bool EngineUpstream::ready() const {
  return supervisor_->state(engine_) == engines::State::ready;
}

net::awaitable<Result<std::unique_ptr<gateway::Lease>>> EngineUpstream::acquire(Deadline deadline) {
  auto lease = co_await supervisor_->acquire(engine_, deadline);
  if (!lease && lease.error().is(Errc::not_found))
    co_return fail(Errc::unavailable, "the model is being replaced or removed; try again in a moment");
  if (!lease) co_return fail(lease.error());
  co_return std::make_unique<EngineLease>(std::move(*lease));
}

}  // namespace hearth::daemon
