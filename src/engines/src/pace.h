// How an engine's requests go: how long one takes that it works on alone, and what part of the time it has work. Pure.
#pragma once

#include <hearth/core/clock.h>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace hearth::engines {

class Pace {
 public:
  explicit Pace(SteadyTime now) noexcept : since_(now) {}

  void began(SteadyTime now) noexcept {
    alone_ = in_flight_ == 0;
    if (in_flight_++ == 0) busy_since_ = now;
  }
  void ended(SteadyTime now, bool answered) noexcept {
    if (in_flight_ == 0) return;
    const std::chrono::duration<double> took = now - busy_since_;
    if (--in_flight_ > 0) return;
    busy_ += took.count();
    if (!alone_ || !answered) return;
    constexpr std::uint32_t kMemory = 8;  // the last ones count most
    lone_ = std::min(lone_ + 1, kMemory);
    seconds_ += (took.count() - seconds_) / lone_;
  }

  // Of a request alone; nullopt until a few were.
  [[nodiscard]] std::optional<double> seconds() const noexcept {
    constexpr std::uint32_t kEnough = 5;
    return lone_ < kEnough ? std::nullopt : std::optional(seconds_);
  }
  // 0 to 1; nullopt until it was watched for a while.
  [[nodiscard]] std::optional<double> activity(SteadyTime now) const noexcept {
    constexpr Seconds kEnough{600};
    if (now - since_ < kEnough) return std::nullopt;
    const std::chrono::duration<double> watched = now - since_;
    const std::chrono::duration<double> current = in_flight_ > 0 ? now - busy_since_ : SteadyTime::duration(0);
    return (busy_ + current.count()) / watched.count();
  }

 private:
  SteadyTime since_;
  std::uint32_t in_flight_ = 0;
  SteadyTime busy_since_;
  bool alone_ = false;  // since it has had work, there was but one request
  double busy_ = 0;     // seconds
  std::uint32_t lone_ = 0;
  double seconds_ = 0;
};

}  // namespace hearth::engines
