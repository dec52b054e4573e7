#include "answers.h"

namespace hearth::daemon {
namespace {

answers::CacheLimits limits_of(const config::Cache& config) {
  return {config.memory, config.disk, config.answer, std::chrono::ceil<Seconds>(config.lifetime)};
}

answers::FlightLimits flight_limits(const config::Cache& config) {
  answers::FlightLimits limits;
  limits.answer = config.answer;
  return limits;
}

answers::IdempotencyLimits journal_limits(const config::Cache& config) {
  answers::IdempotencyLimits limits;
  limits.answer = config.answer;
  return limits;
}

}  // namespace

Answers::Answers(net::Executor executor, const config::Config& config, store::StoreThread& store)
    : limits_(limits_of(config.cache)),
      flights_(executor, flight_limits(config.cache)),
      idempotency_(store, journal_limits(config.cache)) {
  if (config.cache.enabled) cache_.emplace(std::move(executor), config.paths.data / "cache.db", limits_);
}

net::awaitable<void> Answers::stop() {
  if (cache_) co_await cache_->stop();
}

answers::CacheCounts Answers::counts() const {
  return cache_ ? cache_->counts() : answers::CacheCounts();
}

gateway::AnswersSample Answers::sample() const {
  const answers::CacheCounts c = counts();
  return {c.memory_hits,        c.disk_hits,          c.misses, joined(), c.memory_bytes, c.disk_bytes,
          c.saved_input_tokens, c.saved_output_tokens};
}

}  // namespace hearth::daemon
