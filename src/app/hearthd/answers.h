// What the daemon has so that nobody pays twice: the cache, the calls in flight, and the journal of requests with an
// Idempotency-Key. Belongs to the I/O thread; `store` outlives it. Stop it before it goes.
#pragma once

#include <hearth/answers/cache.h>
#include <hearth/answers/flight.h>
#include <hearth/answers/idempotency.h>
#include <hearth/config/config.h>
#include <hearth/gateway/metrics.h>

#include <optional>

namespace hearth::daemon {

class Answers {
 public:
  Answers(net::Executor executor, const config::Config& config, store::StoreThread& store);

  [[nodiscard]] answers::Cache* cache() noexcept { return cache_ ? &*cache_ : nullptr; }  // nullptr: switched off
  [[nodiscard]] bool enabled() const noexcept { return cache_.has_value(); }
  [[nodiscard]] answers::Flights& flights() noexcept { return flights_; }
  [[nodiscard]] answers::Idempotency& idempotency() noexcept { return idempotency_; }
  [[nodiscard]] const answers::CacheLimits& limits() const noexcept { return limits_; }
  net::awaitable<void> stop();
  // Any thread.
  [[nodiscard]] answers::CacheCounts counts() const;
  [[nodiscard]] std::uint64_t joined() const noexcept { return flights_.counts().joined; }
  [[nodiscard]] gateway::AnswersSample sample() const;

 private:
  answers::CacheLimits limits_;
  answers::Flights flights_;
  answers::Idempotency idempotency_;
  std::optional<answers::Cache> cache_;
};

}  // namespace hearth::daemon
