// The checksum of the engine's data files: finds a torn or altered file at start, in a fraction of a millisecond.
// It is no protection against somebody who means harm; packages are signed for that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace hearth::embed {

// Four lanes take the 8-byte little-endian words in turn (h = (h ^ word) * prime, FNV-1a's step, lane i starting from
// its basis + i), the last word padded with zeros; then the length and the lanes are folded with the same step.
// Four, because one lane would wait for its own multiplication.
inline std::uint64_t checksum(std::span<const std::byte> bytes) noexcept {
  constexpr std::uint64_t kBasis = 0xcbf29ce484222325U;
  constexpr std::uint64_t kPrime = 0x100000001b3U;
  std::array<std::uint64_t, 4> lanes{kBasis, kBasis + 1, kBasis + 2, kBasis + 3};
  const std::size_t words = (bytes.size() + 7) / 8;
  const auto word_at = [&](std::size_t i) {
    std::uint64_t word = 0;
    const std::size_t have = bytes.size() - i * 8;
    std::memcpy(&word, bytes.data() + i * 8, have < 8 ? have : 8);
    return word;
  };
  std::size_t i = 0;
  for (; i + 4 < words; i += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + (i + lane) * 8, 8);
      lanes[lane] = (lanes[lane] ^ word) * kPrime;
    }
  }
  for (; i < words; ++i) lanes[i % 4] = (lanes[i % 4] ^ word_at(i)) * kPrime;
  std::uint64_t sum = (kBasis ^ bytes.size()) * kPrime;
  for (const std::uint64_t lane : lanes) sum = (sum ^ lane) * kPrime;
  return sum;
}

}  // namespace hearth::embed
