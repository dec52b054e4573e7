// What words, blanks and lines are, by ASCII's characters only.
#pragma once

#include <hearth/core/ascii.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::trim {

constexpr bool is_word(char c) noexcept {
  return is_letter(c) || is_digit(c) || c == '_';
}
constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}
constexpr bool is_space(char c) noexcept {
  return is_blank(c) || c == '\n' || c == '\r';
}

inline std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = to_lower(c);
  return out;
}

// Without white space at its ends.
constexpr std::string_view stripped(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// At most `most` bytes of it, and no half character.
constexpr std::string_view shortened(std::string_view text, std::size_t most) noexcept {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return text.substr(0, most);
}

// What stands between the line feeds: joined with them again, it is the text.
inline std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (;;) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

}  // namespace hearth::trim
