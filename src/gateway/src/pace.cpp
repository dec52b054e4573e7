#include <hearth/gateway/pace.h>

#include <algorithm>

namespace hearth::gateway {
namespace {

constexpr int kMean = 5;  // calls until an estimate moves by a fifth at a time
constexpr Seconds kKnownFor{600};

}  // namespace

bool Pace::Estimate::stale(SteadyTime now) const noexcept {
  const SteadyTime last = last_.load(std::memory_order_relaxed);
  return last == SteadyTime::min() || now - last > kKnownFor;
}

void Pace::Estimate::add(double value, SteadyTime now) noexcept {
  count_ = stale(now) ? 1 : std::min(count_ + 1, kMean);
  const double before = value_.load(std::memory_order_relaxed);
  value_.store(count_ == 1 ? value : before + (value - before) / count_, std::memory_order_relaxed);
  last_.store(now, std::memory_order_relaxed);
}

std::optional<double> Pace::Estimate::at(SteadyTime now) const noexcept {
  return stale(now) ? std::nullopt : std::optional(value_.load(std::memory_order_relaxed));
}

void Pace::answered(const Answer& answer, SteadyTime now) noexcept {
  failing_.add(0, now);
  if (answer.first_byte) first_byte_.add(*answer.first_byte, now);
  if (answer.output_tokens > 0 && answer.seconds > 0)
    tokens_per_second_.add(static_cast<double>(answer.output_tokens) / answer.seconds, now);
}

void Pace::failed(SteadyTime now) noexcept {
  failing_.add(1, now);
}

Pace::Figures Pace::at(SteadyTime now) const noexcept {
  return {first_byte_.at(now), tokens_per_second_.at(now), failing_.at(now)};
}

}  // namespace hearth::gateway
