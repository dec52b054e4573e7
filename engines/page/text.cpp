#include "text.h"

#include <hearth/core/utf8.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace hearth::ocr {
namespace {

char32_t decode(std::string_view text) {
  const std::size_t n = utf8_sequence_length(text);
  if (n == 0) return 0;
  char32_t c = static_cast<unsigned char>(text[0]);
  if (n > 1) c &= 0x7FU >> n;
  for (std::size_t i = 1; i < n; ++i) c = (c << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return c;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_lower(char32_t c) {
  return (c >= U'a' && c <= U'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7);
}

bool is_letter(char32_t c) {
  return is_lower(c) || (c >= U'A' && c <= U'Z') || (c >= 0xC0 && c < 0x250 && c != 0xD7 && c != 0xF7);
}

// Gaps in Chinese text this wide, in line heights, were set on purpose.
constexpr double kWideGap = 1.4;
// Between a Chinese and a Latin word a blank is kept where it can be seen.
constexpr double kSeenGap = 0.3;

}  // namespace

char32_t first_letter(std::string_view text) {
  return decode(text);
}

char32_t last_letter(std::string_view text) {
  std::size_t at = text.size();
  while (at > 0) {
    --at;
    if ((static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U) return decode(text.substr(at));
  }
  return 0;
}

std::size_t letter_count(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_unspaced(char32_t c) {
  return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFF00 && c <= 0xFFEF) ||
         (c >= 0x20000 && c <= 0x3FFFF);
}

std::string line_text(std::span<const Word> words) {
  std::string text;
  const Word* before = nullptr;
  for (const Word& word : words) {
    if (before != nullptr) {
      const bool left = is_unspaced(last_letter(before->text));
      const bool right = is_unspaced(first_letter(word.text));
      const double least = left && right ? kWideGap : left || right ? kSeenGap : -1e9;
      const double height = std::max(before->box.height(), word.box.height());
      if (word.box.x0 - before->box.x1 > least * height) text += ' ';
    }
    text += word.text;
    before = &word;
  }
  return text;
}

void append_line(std::string& text, std::string_view line) {
  if (line.empty()) return;
  if (text.empty()) {
    text = line;
    return;
  }
  const std::string_view before = text;
  const bool hyphen =
      before.ends_with('-') && before.size() > 1 && is_letter(last_letter(before.substr(0, before.size() - 1)));
  if (hyphen && is_lower(first_letter(line))) {
    text.pop_back();
  } else if (!(is_unspaced(last_letter(before)) && is_unspaced(first_letter(line))) && !hyphen) {
    text += ' ';
  }
  text += line;
}

Marker list_marker(std::string_view word) {
  static constexpr std::array<std::string_view, 12> kBullets{"•", "◦", "▪", "■", "●", "○",
                                                             "·", "‣", "-", "–", "*", "+"};
  if (std::ranges::find(kBullets, word) != kBullets.end()) return Marker::bullet;
  if (word.starts_with('(')) word.remove_prefix(1);
  if (word.size() < 2 || word.size() > 4 || (word.back() != '.' && word.back() != ')')) return Marker::none;
  word.remove_suffix(1);
  if (std::ranges::all_of(word, is_digit) && word.size() <= 2) return Marker::number;
  if (word.size() == 1 && is_lower(static_cast<unsigned char>(word[0]))) return Marker::number;
  return Marker::none;
}

std::string escaped_start(std::string text) {
  if (text.empty()) return text;
  const bool heading = text.front() == '#' || text.front() == '>';
  const std::size_t word_end = std::min(text.find(' '), text.size());
  const std::string_view word = std::string_view(text).substr(0, word_end);
  const bool bullet = word == "-" || word == "*" || word == "+";
  const std::size_t digits = static_cast<std::size_t>(std::ranges::find_if_not(word, is_digit) - word.begin());
  const bool number = digits > 0 && digits + 1 == word.size() && (word.back() == '.' || word.back() == ')');
  if (heading || bullet) text.insert(0, "\\");
  if (number) text.insert(digits, "\\");
  return text;
}

}  // namespace hearth::ocr
