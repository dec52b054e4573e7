#include <hearth/core/scripts.h>
#include <hearth/core/utf8.h>

#include <algorithm>
#include <array>

namespace hearth {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
// Unicode 15's blocks.
constexpr std::array kUnspaced{
    Range{0x0E00, 0x0EFF},    // Thai, Lao
    Range{0x1000, 0x109F},    // Burmese
    Range{0x1780, 0x17FF},    // Khmer
    Range{0x2E80, 0x312F},    // radicals, punctuation, Hiragana, Katakana, Bopomofo
    Range{0x3190, 0x31FF},    // their extensions, but not the Korean letters between them
    Range{0x3400, 0x4DBF},    // Han
    Range{0x4E00, 0x9FFF},    // Han
    Range{0xF900, 0xFAFF},    // Han
    Range{0xFF00, 0xFF9F},    // full-width punctuation, half-width Katakana
    Range{0x1B000, 0x1B16F},  // Kana
    Range{0x20000, 0x3FFFF},  // Han
};

}  // namespace

bool writes_without_spaces(char32_t c) noexcept {
  return std::ranges::any_of(kUnspaced, [&](const Range& r) { return c >= r.first && c <= r.last; });
}

char32_t first_character(std::string_view text) noexcept {
  const std::size_t length = utf8_sequence_length(text);
  const auto at = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  if (length <= 1) return length == 0 ? 0 : at(0);
  char32_t c = at(0) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) c = (c << 6U) | (at(i) & 0x3FU);
  return c;
}

char32_t last_character(std::string_view text) noexcept {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    const std::string_view tail = text.substr(text.size() - length);
    if (utf8_sequence_length(tail) == length) return first_character(tail);
  }
  return 0;
}

bool wants_space(std::string_view before, std::string_view after) noexcept {
  if (before.empty() || after.empty()) return false;
  return !writes_without_spaces(last_character(before)) || !writes_without_spaces(first_character(after));
}

}  // namespace hearth
