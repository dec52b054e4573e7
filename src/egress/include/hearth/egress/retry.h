// How often, and after how long, a pull tries again. Pure: time and chance are given.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>

#include <cstdint>
#include <optional>

namespace hearth::egress {

struct RetryPolicy {
  int failures = 8;  // in a row, without progress in between
  Millis first{500};
  Millis longest{30'000};
  Millis patience{120'000};  // a server that asks for more is given up on
};

// One for a whole pull: all its requests and files draw on it together.
class RetryBudget {
 public:
  explicit RetryBudget(RetryPolicy policy) : policy_(policy) {}
  // A failure that may pass. How long to wait; nullopt: enough. `server_says`: Retry-After. `chance`: 0 to 1.
  std::optional<Millis> failed(std::optional<Seconds> server_says, double chance);
  // Bytes came: what failed before is forgotten.
  void progressed() noexcept { failures_ = 0; }
  [[nodiscard]] int failures() const noexcept { return failures_; }

 private:
  RetryPolicy policy_;
  int failures_ = 0;
};

}  // namespace hearth::egress
