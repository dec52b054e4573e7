// Which characters wake a detector, and where the next one is. Most of a text has none, so looking for them is most of
// the work of a scan: sixteen bytes are looked at at once.
#pragma once

#include "src/characters.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace hearth::privacy {

enum class Wake : std::uint8_t { nothing, digit, at, percent, dash, underscore, sign, point, letter, wide };

constexpr std::array<Wake, 256> make_wakes() {
  std::array<Wake, 256> wakes{};
  for (char c = '0'; c <= '9'; ++c) wakes[byte(c)] = Wake::digit;
  wakes[byte('@')] = Wake::at;
  wakes[byte('%')] = Wake::percent;
  wakes[byte('-')] = Wake::dash;
  wakes[byte('_')] = Wake::underscore;
  wakes[byte(':')] = Wake::sign;
  wakes[byte('=')] = Wake::sign;
  wakes[byte('.')] = Wake::point;
  wakes[byte('I')] = Wake::letter;
  wakes[0xEF] = Wake::wide;
  return wakes;
}
inline constexpr std::array<Wake, 256> kWakes = make_wakes();

constexpr Wake wake_of(char c) noexcept {
  return kWakes[byte(c)];
}

// A vector as GCC and clang know it on every processor.
using ByteBlock = std::uint8_t __attribute__((vector_size(16)));

// The same as wake_of(), for each byte: not 0 where one wakes.
inline auto wakes_in(ByteBlock bytes) noexcept {
  return (bytes - '0' <= 10) | (bytes == '-') | (bytes == '.') | (bytes == 'I') | (bytes == '_') | (bytes == '=') |
         (bytes == '@') | (bytes == '%') | (bytes == 0xEF);
}

// The first at `i` or behind that wakes; text.size(): none does.
inline std::size_t next_wake(std::string_view text, std::size_t i) noexcept {
  for (; i + sizeof(ByteBlock) <= text.size(); i += sizeof(ByteBlock)) {
    ByteBlock block;
    std::memcpy(&block, text.data() + i, sizeof(block));
    if (__builtin_reduce_or(wakes_in(block)) != 0) break;
  }
  while (i < text.size() && wake_of(text[i]) == Wake::nothing) ++i;
  return i;
}

}  // namespace hearth::privacy
