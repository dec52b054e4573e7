// Code points and byte classes, as the text rules need them. Pure; any thread.
#pragma once

#include <hearth/core/utf8.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth::speech {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;  // in bytes; 0 at the text's end
};

// The code point at `at` of well-formed UTF-8; {0, 0} at the end. A byte that begins no sequence counts as U+FFFD.
inline CodePoint code_point_at(std::string_view text, std::size_t at) noexcept {
  if (at >= text.size()) return {};
  const std::string_view rest = text.substr(at);
  const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(rest[i])); };
  switch (utf8_sequence_length(rest)) {
    case 1:
      return {byte(0), 1};
    case 2:
      return {((byte(0) & 0x1FU) << 6U) | (byte(1) & 0x3FU), 2};
    case 3:
      return {((byte(0) & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU), 3};
    case 4:
      return {((byte(0) & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) | ((byte(2) & 0x3FU) << 6U) | (byte(3) & 0x3FU),
              4};
    default:
      return {0xFFFD, 1};
  }
}

// The code point that ends just before `at`; 0 at the text's begin.
inline char32_t code_point_before(std::string_view text, std::size_t at) noexcept {
  if (at == 0) return 0;
  std::size_t start = at - 1;
  while (start > 0 && at - start < 4 && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U) --start;
  return code_point_at(text, start).value;
}

constexpr bool is_digit(char32_t c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_ascii_letter(char32_t c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_ascii_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_upper(char c) noexcept {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_blank(char32_t c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xA0 || c == 0x202F || c == 0x2009 || c == 0x3000;
}
constexpr char lower(char c) noexcept {
  return is_upper(c) ? static_cast<char>(c + 32) : c;
}

// Writing systems, as far as they choose a voice. `common`: digits, punctuation, spaces: they belong to what surrounds
// them.
enum class Script {
  common,
  latin,
  han,
  kana,
  hangul,
  cyrillic,
  greek,
  arabic,
  hebrew,
  thai,
  devanagari,
  bengali,
  tamil,
  telugu,
  armenian,
  georgian,
  other,
};
Script script_of(char32_t c) noexcept;

inline bool is_letter(char32_t c) noexcept {
  return script_of(c) != Script::common;
}
inline bool is_word(char32_t c) noexcept {
  return is_digit(c) || is_letter(c);
}

}  // namespace hearth::speech
