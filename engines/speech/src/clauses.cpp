#include "clauses.h"

#include "text/chars.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace hearth::speech {
namespace {

constexpr std::array<std::pair<char32_t, char>, 10> kWide{{{U'。', '.'},
                                                           {U'．', '.'},
                                                           {U'，', ','},
                                                           {U'、', ','},
                                                           {U'；', ';'},
                                                           {U'：', ':'},
                                                           {U'！', '!'},
                                                           {U'？', '?'},
                                                           {U'…', '.'},
                                                           {U'—', ','}}};

std::optional<char> wide_mark(char32_t c) {
  const auto* const found = std::ranges::find(kWide, c, &std::pair<char32_t, char>::first);
  return found == kWide.end() ? std::nullopt : std::optional(found->second);
}

bool is_narrow_mark(char32_t c) {
  return c == '.' || c == ',' || c == ';' || c == ':' || c == '!' || c == '?';
}

bool closes(char32_t c) {
  return c == '"' || c == '\'' || c == ')' || c == ']' || c == U'”' || c == U'’' || c == U'»';
}

void add(std::vector<Clause>& clauses, std::string_view text, char mark) {
  while (!text.empty() && is_blank(code_point_at(text, 0).value)) text.remove_prefix(code_point_at(text, 0).length);
  while (!text.empty() && is_blank(code_point_before(text, text.size()))) text.remove_suffix(1);
  if (text.empty()) {
    // "Well, …!": of marks in a row the last counts, if it ends more.
    if (!clauses.empty() && mark != '\0' && mark != ',') clauses.back().mark = mark;
    return;
  }
  clauses.push_back({std::string(text), mark});
}

}  // namespace

std::vector<Clause> clauses_of(std::string_view text) {
  std::vector<Clause> clauses;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    const std::size_t next = at + c.length;
    std::optional<char> mark = wide_mark(c.value);
    if (!mark && is_narrow_mark(c.value)) {
      const char32_t after = next < text.size() ? code_point_at(text, next).value : U' ';
      if (is_blank(after) || closes(after) || is_narrow_mark(after)) mark = static_cast<char>(c.value);
    }
    if (mark) {
      add(clauses, text.substr(begin, at - begin), *mark);
      begin = next;
    }
    at = next;
  }
  add(clauses, text.substr(begin), '\0');
  return clauses;
}

std::string without_switches(std::string_view phonemes) {
  std::string out;
  while (!phonemes.empty()) {
    const std::size_t open = std::min(phonemes.find('('), phonemes.size());
    out += phonemes.substr(0, open);
    phonemes.remove_prefix(open);
    if (phonemes.empty()) break;
    const std::size_t close = phonemes.find(')');
    phonemes.remove_prefix(close == std::string_view::npos ? phonemes.size() : close + 1);
  }
  return out;
}

}  // namespace hearth::speech
