#include <hearth/core/edit_distance.h>
#include <hearth/core/utf8.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

namespace hearth {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

std::u32string decode(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t n = utf8_sequence_length(text);
    if (n == 0) {
      out += kReplacement;
      text.remove_prefix(1);
      continue;
    }
    constexpr std::array<unsigned char, 5> kLeadMask{0, 0x7F, 0x1F, 0x0F, 0x07};
    char32_t c = static_cast<unsigned char>(text[0]) & kLeadMask[n];
    for (std::size_t i = 1; i < n; ++i) c = (c << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
    out += c;
    text.remove_prefix(n);
  }
  return out;
}

bool is_space(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || (c >= 0x2000 && c <= 0x200B) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x3000 || c == 0xFEFF;
}

bool is_apostrophe(char32_t c) {
  return c == '\'' || c == 0x2019 || c == 0x02BC;
}

bool is_punctuation(char32_t c) {
  if (c < 0x80) return c > ' ' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z');
  return (c >= 0xA1 && c <= 0xBF && c != 0xAA && c != 0xB5 && c != 0xBA) || (c >= 0x2010 && c <= 0x206F) ||
         (c >= 0x3001 && c <= 0x303F) || (c >= 0xFF01 && c <= 0xFF0F) || (c >= 0xFF1A && c <= 0xFF20) ||
         (c >= 0xFF3B && c <= 0xFF40) || (c >= 0xFF5B && c <= 0xFF65);
}

// Latin, Greek and Cyrillic, which is what has case in the texts that are scored here.
char32_t lower(char32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 32;
  if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 32;
  if (c >= 0x100 && c <= 0x17F && c != 0x130 && c != 0x131 && c != 0x138 && c != 0x149 && c != 0x178 && c != 0x17F) {
    const bool odd_is_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
    return (c % 2 == 1) == odd_is_upper ? c + 1 : c;
  }
  if (c >= 0x391 && c <= 0x3A9) return c + 32;
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  return c;
}

bool is_han(char32_t c) {
  return (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x323AF);
}

using Words = std::vector<std::u32string>;

Words split(const std::u32string& text) {
  Words words;
  bool open = false;
  for (const char32_t c : text) {
    if (c == U' ') {
      open = false;
      continue;
    }
    if (!open || is_han(c)) words.emplace_back();
    words.back() += c;
    open = !is_han(c);
  }
  return words;
}

// One kind of edit for each unit is enough for counting, so no table of the alignment is kept: each cell carries the
// counts of the cheapest way to it.
struct Cell {
  std::size_t substitutions = 0;
  std::size_t insertions = 0;
  std::size_t deletions = 0;
  [[nodiscard]] std::size_t cost() const { return substitutions + insertions + deletions; }
};

template <typename Unit>
EditCounts align(std::span<const Unit> reference, std::span<const Unit> hypothesis) {
  std::vector<Cell> above(hypothesis.size() + 1);
  std::vector<Cell> row(hypothesis.size() + 1);
  for (std::size_t j = 1; j <= hypothesis.size(); ++j) above[j].insertions = j;
  for (std::size_t i = 1; i <= reference.size(); ++i) {
    row[0] = Cell{0, 0, i};
    for (std::size_t j = 1; j <= hypothesis.size(); ++j) {
      Cell best = above[j - 1];
      if (reference[i - 1] != hypothesis[j - 1]) {
        ++best.substitutions;
        if (above[j].cost() + 1 < best.cost()) {
          best = above[j];
          ++best.deletions;
        }
        if (row[j - 1].cost() + 1 < best.cost()) {
          best = row[j - 1];
          ++best.insertions;
        }
      }
      row[j] = best;
    }
    std::swap(above, row);
  }
  const Cell& end = above[hypothesis.size()];
  return {reference.size(), end.substitutions, end.insertions, end.deletions};
}

std::u32string fold_titles(const std::u32string& text) {
  constexpr std::array<std::pair<std::u32string_view, std::u32string_view>, 3> kTitles{
      {{U"mr", U"mister"}, {U"mrs", U"missus"}, {U"dr", U"doctor"}}};
  std::u32string out;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find(U' ', at), text.size());
    std::u32string_view word = std::u32string_view(text).substr(at, end - at);
    for (const auto& [title, spoken] : kTitles)
      if (word == title) word = spoken;
    if (at > 0) out += U' ';
    out += word;
    at = end + 1;
  }
  return out;
}

std::u32string comparable(std::string_view text, Scoring scoring) {
  std::u32string out;
  bool gap = false;
  for (char32_t c : decode(text)) {
    if (scoring == Scoring::folded) {
      if (is_apostrophe(c)) continue;
      if (is_punctuation(c)) c = U' ';
      c = lower(c);
    }
    if (is_space(c)) {
      gap = !out.empty();
      continue;
    }
    if (gap) out += U' ';
    gap = false;
    out += c;
  }
  return scoring == Scoring::folded ? fold_titles(out) : out;
}

}  // namespace

double EditCounts::rate() const noexcept {
  if (reference == 0) return errors() == 0 ? 0.0 : 1.0;
  return static_cast<double>(errors()) / static_cast<double>(reference);
}

EditCounts& EditCounts::operator+=(const EditCounts& other) noexcept {
  reference += other.reference;
  substitutions += other.substitutions;
  insertions += other.insertions;
  deletions += other.deletions;
  return *this;
}

EditCounts word_errors(std::string_view reference, std::string_view hypothesis, Scoring scoring) {
  const Words a = split(comparable(reference, scoring));
  const Words b = split(comparable(hypothesis, scoring));
  return align<std::u32string>(a, b);
}

EditCounts character_errors(std::string_view reference, std::string_view hypothesis, Scoring scoring) {
  const std::u32string a = comparable(reference, scoring);
  const std::u32string b = comparable(hypothesis, scoring);
  return align<char32_t>(a, b);
}

std::string scoring_text(std::string_view text, Scoring scoring) {
  std::string out;
  for (const char32_t c : comparable(text, scoring)) append_utf8(out, c);
  return out;
}

}  // namespace hearth
