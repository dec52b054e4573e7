#include <hearth/gateway/breaker.h>

#include <algorithm>
#include <bit>

namespace hearth::gateway {

Breaker::State Breaker::state(SteadyTime now) const noexcept {
  if (!open_until_) return State::closed;
  return now < *open_until_ ? State::open : State::half_open;
}

Millis Breaker::rest(SteadyTime now) const noexcept {
  SteadyTime until = now;
  if (open_until_) until = std::max(until, *open_until_);
  if (told_until_) until = std::max(until, *told_until_);
  return std::chrono::ceil<Millis>(until - now);
}

bool Breaker::admit(SteadyTime now) noexcept {
  if (rest(now).count() > 0) return false;
  if (!open_until_) return true;
  if (trying_) return false;
  trying_ = true;
  return true;
}

void Breaker::succeeded() noexcept {
  failures_ = 0;
  rests_ = 0;
  trying_ = false;
  history_ <<= 1U;
  if (open_until_) history_ = 0;
  open_until_.reset();
}

void Breaker::failed(SteadyTime now, double chance) noexcept {
  ++failures_;
  history_ = (history_ << 1U) | 1U;
  const bool was_trial = trying_;
  trying_ = false;
  const std::uint64_t window = history_ & ((std::uint64_t{1} << static_cast<unsigned>(rules_.window)) - 1);
  const bool often = std::popcount(window) >= rules_.of_window;
  if (was_trial || failures_ >= rules_.in_a_row || often) open(now, chance);
}

void Breaker::open(SteadyTime now, double chance) noexcept {
  constexpr int kMostDoublings = 16;
  const Millis longest = std::min(rules_.longest_rest, rules_.first_rest * (1 << std::min(rests_, kMostDoublings)));
  ++rests_;
  history_ = 0;
  // Half of it at least: many boxes that lost one server do not come back at one moment.
  const auto time = std::chrono::duration_cast<Millis>(longest * (0.5 + chance / 2));
  open_until_ = now + std::max(time, Millis(1));
}

void Breaker::told_to_rest(SteadyTime now, Millis time) noexcept {
  trying_ = false;
  told_until_ = now + std::min(time, rules_.longest_rest);
}

}  // namespace hearth::gateway
