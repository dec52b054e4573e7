#include "text.h"

#include <algorithm>
#include <array>

namespace hearth::transcribe {
namespace {

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

}  // namespace

std::string written(std::string_view word) {
  constexpr std::array<std::string_view, 5> kTitles{"mr", "mrs", "ms", "dr", "u.s."};
  std::string out(word);
  if (word.size() == 2 && word[1] == '.') return {upper(word[0])};  // a letter that was spelled
  if (word == "u.s.") return "U.S.";
  const bool is_i = word == "i" || word.starts_with("i'");
  if (!out.empty() && (is_i || std::ranges::find(kTitles, word) != kTitles.end())) out[0] = upper(out[0]);
  return out;
}

std::string sentence(std::span<const Word> words) {
  std::string text;
  for (const Word& w : words) {
    if (!text.empty()) text += ' ';
    text += written(w.text);
  }
  if (!text.empty()) text[0] = upper(text[0]);
  return text;
}

}  // namespace hearth::transcribe
