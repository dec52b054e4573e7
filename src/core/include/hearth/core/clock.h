// Time is read in one place only. Everything else takes a time point or a Clock, so that tests can turn the hands.
#pragma once

#include <chrono>
#include <string>

namespace hearth {

using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;
using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

// Monotonic time, for deadlines and durations. Any thread.
SteadyTime steady_now() noexcept;
// The calendar's time, for records people read. It may jump. Any thread.
WallTime wall_now() noexcept;
// "2026-11-21T08:30:00.123Z"
std::string format_rfc3339(WallTime t);
// Seconds since 1970, as OpenAI's `created` fields want it.
std::int64_t unix_seconds(WallTime t) noexcept;

inline double seconds_between(SteadyTime from, SteadyTime to) noexcept {
  return std::chrono::duration<double>(to - from).count();
}

// A point in time that travels down the call chain: a callee may shorten it, never extend it.
class Deadline {
 public:
  static Deadline never() noexcept { return Deadline(SteadyTime::max()); }
  static Deadline at(SteadyTime t) noexcept { return Deadline(t); }
  static Deadline in(std::chrono::nanoseconds d) noexcept {
    return Deadline(steady_now() + std::chrono::duration_cast<SteadyTime::duration>(d));
  }
  [[nodiscard]] Deadline sooner_of(Deadline other) const noexcept { return other.at_ < at_ ? other : *this; }
  [[nodiscard]] SteadyTime time() const noexcept { return at_; }
  [[nodiscard]] bool is_never() const noexcept { return at_ == SteadyTime::max(); }
  [[nodiscard]] bool passed() const noexcept { return !is_never() && steady_now() >= at_; }

 private:
  explicit Deadline(SteadyTime t) noexcept : at_(t) {}
  SteadyTime at_;
};

}  // namespace hearth
