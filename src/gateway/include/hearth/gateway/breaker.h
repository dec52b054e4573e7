// Whether a server elsewhere is to be asked now: after failures it is left alone for a while, then tried with one call.
//
//          failures in a row, or most of the last calls          the rest is over
//   closed ───────────────────────────────────────────▶ open ─────────────────────▶ half open
//      ▲                                                  ▲                             │ │
//      └───────────────────── it answers ─────────────────┼─────────────────────────────┘ │
//                                                         └────────── it fails ───────────┘
//
// Pure: time is given. Not thread-safe.
#pragma once

#include <hearth/core/clock.h>

#include <cstdint>
#include <optional>

namespace hearth::gateway {

struct BreakerRules {
  int in_a_row = 5;    // failures that open it
  int window = 20;     // of the last so many calls,
  int of_window = 10;  // so many failures open it, too
  Millis first_rest{1'000};
  Millis longest_rest{60'000};
};

class Breaker {
 public:
  enum class State { closed, open, half_open };

  explicit Breaker(BreakerRules rules = {}) : rules_(rules) {}

  [[nodiscard]] State state(SteadyTime now) const noexcept;
  // How long it is still to be left alone; 0: it may be asked.
  [[nodiscard]] Millis rest(SteadyTime now) const noexcept;
  // May this call be made? In the half-open state one may at a time; the answer counts as its start.
  [[nodiscard]] bool admit(SteadyTime now) noexcept;
  void succeeded() noexcept;
  // `chance`: 0 to 1, which spreads the ends of rests.
  void failed(SteadyTime now, double chance) noexcept;
  // It answered nothing that tells: the client left.
  void withdrawn() noexcept { trying_ = false; }
  // It wants to be left alone for so long, as it said.
  void told_to_rest(SteadyTime now, Millis time) noexcept;

 private:
  void open(SteadyTime now, double chance) noexcept;

  BreakerRules rules_;
  int failures_ = 0;           // in a row
  int rests_ = 0;              // in a row, without an answer between them
  std::uint64_t history_ = 0;  // of the last calls, the newest lowest: 1 failed
  bool trying_ = false;
  std::optional<SteadyTime> open_until_;  // set: not closed; from then on it may be tried
  std::optional<SteadyTime> told_until_;
};

}  // namespace hearth::gateway
