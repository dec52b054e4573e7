// Numbers that look random and are the same on every machine: splitmix64.
#pragma once

#include <cstdint>
#include <string_view>

namespace hearth::fixtures {

class Random {
 public:
  explicit Random(std::uint64_t seed, std::string_view salt = {}) noexcept : state_(seed) {
    for (const char c : salt) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  }
  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  // Of a bell around 0 with standard deviation 1, near enough: four uniform numbers added up.
  float normal() noexcept {
    const std::uint64_t bits = next();
    const auto part = [&](unsigned shift) { return static_cast<float>((bits >> shift) & 0xFFFFu); };
    return ((part(0) + part(16) + part(32) + part(48)) / 65535.0F - 2.0F) * 1.7320508F;
  }
  std::uint32_t below(std::uint32_t bound) noexcept { return static_cast<std::uint32_t>(next() % bound); }

 private:
  std::uint64_t state_;
};

}  // namespace hearth::fixtures
