#include "chars.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace hearth::speech {
namespace {

struct Range {
  char32_t first;
  char32_t last;
  Script script;
};

// Sorted. What lies between the ranges is `common` below U+0370 and in the symbol blocks, see script_of().
constexpr std::array kRanges{
    Range{'A', 'Z', Script::latin},        Range{'a', 'z', Script::latin},
    Range{0xAA, 0xAA, Script::latin},      Range{0xBA, 0xBA, Script::latin},
    Range{0xC0, 0xD6, Script::latin},      Range{0xD8, 0xF6, Script::latin},
    Range{0xF8, 0x2AF, Script::latin},     Range{0x370, 0x373, Script::greek},
    Range{0x376, 0x377, Script::greek},    Range{0x37B, 0x37D, Script::greek},
    Range{0x386, 0x386, Script::greek},    Range{0x388, 0x3FF, Script::greek},
    Range{0x400, 0x481, Script::cyrillic}, Range{0x48A, 0x52F, Script::cyrillic},
    Range{0x531, 0x556, Script::armenian}, Range{0x561, 0x587, Script::armenian},
    Range{0x5D0, 0x5F2, Script::hebrew},   Range{0x620, 0x65F, Script::arabic},
    Range{0x66E, 0x6D3, Script::arabic},   Range{0x6FA, 0x6FF, Script::arabic},
    Range{0x750, 0x77F, Script::arabic},   Range{0x900, 0x963, Script::devanagari},
    Range{0x980, 0x9E3, Script::bengali},  Range{0xB80, 0xBE5, Script::tamil},
    Range{0xC00, 0xC63, Script::telugu},   Range{0xE01, 0xE3A, Script::thai},
    Range{0xE40, 0xE4E, Script::thai},     Range{0x10A0, 0x10FA, Script::georgian},
    Range{0x1100, 0x11FF, Script::hangul}, Range{0x1E00, 0x1EFF, Script::latin},
    Range{0x1F00, 0x1FFF, Script::greek},  Range{0x3005, 0x3005, Script::han},
    Range{0x3007, 0x3007, Script::han},    Range{0x3041, 0x3096, Script::kana},
    Range{0x30A1, 0x30FA, Script::kana},   Range{0x30FC, 0x30FC, Script::kana},
    Range{0x3131, 0x318E, Script::hangul}, Range{0x3400, 0x4DBF, Script::han},
    Range{0x4E00, 0x9FFF, Script::han},    Range{0xAC00, 0xD7A3, Script::hangul},
    Range{0xF900, 0xFAFF, Script::han},    Range{0xFF21, 0xFF3A, Script::latin},
    Range{0xFF41, 0xFF5A, Script::latin},  Range{0xFF66, 0xFF9D, Script::kana},
    Range{0x20000, 0x323AF, Script::han},
};

// Letters of the many scripts that no rule here names: from Syriac to the Canadian syllables, and Yi to Meetei Mayek.
bool in_an_unlisted_script(char32_t c) {
  return (c >= 0x700 && c <= 0x1FFF) || (c >= 0x2C00 && c <= 0x2DFF) || (c >= 0xA000 && c <= 0xABFF) ||
         (c >= 0x10000 && c <= 0x1CFFF);
}

bool is_foreign_digit(char32_t c) {
  constexpr std::array<char32_t, 6> kZeros{0x966, 0x9E6, 0xBE6, 0xC66, 0xE50, 0x7C0};
  return std::ranges::any_of(kZeros, [c](char32_t zero) { return c >= zero && c < zero + 10; });
}

}  // namespace

Script script_of(char32_t c) noexcept {
  const auto* const next = std::upper_bound(kRanges.begin(), kRanges.end(), c,
                                            [](char32_t value, const Range& r) { return value < r.first; });
  if (next != kRanges.begin()) {
    const Range& r = *std::prev(next);
    if (c <= r.last) return r.script;
  }
  return in_an_unlisted_script(c) && !is_foreign_digit(c) ? Script::other : Script::common;
}

}  // namespace hearth::speech
