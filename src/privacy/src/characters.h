// What detectors ask of characters besides ASCII's classes.
#pragma once

#include <hearth/core/ascii.h>
#include <hearth/core/byte_set.h>

#include <cstddef>
#include <string_view>

namespace hearth::privacy {

constexpr bool is_alnum(char c) noexcept {
  return is_letter(c) || is_digit(c);
}
constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
constexpr char to_upper(char c) noexcept {
  return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
}
constexpr unsigned byte(char c) noexcept {
  return static_cast<unsigned char>(c);
}
// A part of a letter outside ASCII, in an alphabet that puts spaces between words (two-byte UTF-8: Latin with marks,
// Greek, Cyrillic, …).
constexpr bool is_foreign_letter(char c) noexcept {
  return (byte(c) >= 0xC3 && byte(c) <= 0xDF) || (byte(c) >= 0x80 && byte(c) <= 0xBF);
}
// Like text[i], and 0 outside.
constexpr char at(std::string_view text, std::size_t i) noexcept {
  return i < text.size() ? text[i] : '\0';
}
// The character before i; 0 at the beginning.
constexpr char before(std::string_view text, std::size_t i) noexcept {
  return i > 0 && i <= text.size() ? text[i - 1] : '\0';
}
// Does `text` begin with `word`, which is in lower case, whatever its case?
constexpr bool begins_with(std::string_view text, std::string_view word) noexcept {
  if (text.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i)
    if (to_lower(text[i]) != word[i]) return false;
  return true;
}

}  // namespace hearth::privacy
