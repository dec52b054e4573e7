// Counts that stop at a ceiling instead of running over: what a hostile header claims must not come out small.
#pragma once

#include <algorithm>
#include <cstdint>

namespace hearth::models {

class Amount {
 public:
  static constexpr std::uint64_t kCeiling = std::uint64_t{1} << 60;  // so that a few can be added up

  constexpr Amount(std::uint64_t value) noexcept : value_(std::min(value, kCeiling)) {}  // implicit: formulas mix both
  [[nodiscard]] constexpr std::uint64_t value() const noexcept { return value_; }

  friend constexpr Amount operator+(Amount a, Amount b) noexcept { return {a.value_ + b.value_}; }
  friend constexpr Amount operator*(Amount a, Amount b) noexcept {
    std::uint64_t product = 0;
    return {__builtin_mul_overflow(a.value_, b.value_, &product) ? kCeiling : product};
  }
  constexpr Amount& operator+=(Amount other) noexcept { return *this = *this + other; }

 private:
  std::uint64_t value_;
};

}  // namespace hearth::models
