// Random choices that are the same everywhere for one seed (the standard's distributions are not).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::labelled {

// SplitMix64 (Steele, Lea, Flood 2014).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  // 0 to n - 1.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
  int between(int low, int high) { return low + static_cast<int>(below(static_cast<std::size_t>(high - low + 1))); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <typename List>
  const auto& pick(const List& list) {
    return list[below(std::size(list))];
  }
  std::string of(std::string_view alphabet, std::size_t n) {
    std::string text;
    for (std::size_t i = 0; i < n; ++i) text += alphabet[below(alphabet.size())];
    return text;
  }
  std::string digits(std::size_t n) { return of("0123456789", n); }

 private:
  std::uint64_t state_;
};

}  // namespace hearth::labelled
