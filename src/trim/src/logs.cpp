#include "src/logs.h"

#include "src/characters.h"
#include "src/trouble.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace hearth::trim {
namespace {

constexpr std::size_t kLongestLine = 4096;
constexpr std::size_t kLargestGroup = 4;
constexpr std::size_t kFewestGroups = 4;
constexpr std::size_t kFewestLines = 8;

bool digits_at(std::string_view text, std::size_t i, std::size_t count) {
  if (i + count > text.size()) return false;
  return std::ranges::all_of(text.substr(i, count), is_digit);
}

// "18:04:59", "2026-11-27", "2026/11/27", "27/Nov/2026", "[   12.345678]" (the kernel's) near the line's beginning.
bool has_time(std::string_view line) {
  constexpr std::size_t kNear = 64;
  const std::string_view head = line.substr(0, kNear);
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (!is_digit(head[i])) continue;
    const auto is_at = [&](std::size_t j, std::string_view any) { return j < head.size() && any.contains(head[j]); };
    if (digits_at(head, i, 2) && is_at(i + 2, ":") && digits_at(head, i + 3, 2) && is_at(i + 5, ":")) return true;
    if (digits_at(head, i, 4) && is_at(i + 4, "-/") && digits_at(head, i + 5, 2) && is_at(i + 7, "-/")) return true;
    if (digits_at(head, i, 2) && is_at(i + 2, "/") && i + 6 < head.size() && is_upper(head[i + 3]) &&
        head[i + 6] == '/')
      return true;
  }
  if (!head.starts_with('[')) return false;
  const std::string_view stamp = stripped(head.substr(1, std::min(head.find(']'), head.size()) - 1));
  return stamp.contains('.') && std::ranges::all_of(stamp, [](char c) { return is_digit(c) || c == '.'; });
}

// A word of letters and digits with what may differ in it left out. `status`: it stands alone, as an HTTP status does.
void append_masked(std::string& out, std::string_view word, bool alone) {
  const auto digits = static_cast<std::size_t>(std::ranges::count_if(word, is_digit));
  if (digits == 0) {
    out += word;
    return;
  }
  if (digits == word.size()) {
    // What may be a status is no mere number.
    const bool status = alone && word.size() == 3 && word[0] >= '1' && word[0] <= '5';
    out += status ? word : std::string_view("#");
    return;
  }
  constexpr std::size_t kShortestHex = 6;
  constexpr std::size_t kShortestId = 10;
  if ((word.size() >= kShortestHex && std::ranges::all_of(word, is_hex)) ||
      (word.size() >= kShortestId && digits >= 2)) {
    out += '#';
    return;
  }
  for (std::size_t i = 0; i < word.size(); ++i)
    if (!is_digit(word[i]) || i == 0 || !is_digit(word[i - 1])) out += is_digit(word[i]) ? '#' : word[i];
}

// The line with its times, numbers and ids left out.
std::string masked(std::string_view line) {
  std::string out;
  std::size_t i = 0;
  while (i < line.size()) {
    if (!is_word(line[i])) {
      out += line[i++];
      continue;
    }
    std::size_t end = i + 1;
    while (end < line.size() && is_word(line[end])) ++end;
    const auto apart = [](char c) { return std::string_view(" \"'=,:}]").contains(c); };
    const bool alone = (i == 0 || apart(line[i - 1])) && (end == line.size() || apart(line[end]));
    append_masked(out, line.substr(i, end - i), alone);
    i = end;
  }
  return out;
}

// Letters in runs of three or more, and characters of other scripts: what is left of a mere table is none.
bool says_something(std::string_view mask) {
  constexpr std::size_t kFewestWords = 2;
  std::size_t words = 0;
  std::size_t run = 0;
  for (const char c : mask) {
    run = is_letter(c) || static_cast<unsigned char>(c) >= 0x80 ? run + 1 : 0;
    if (run == 3) ++words;
  }
  return words >= kFewestWords;
}

// What a line has in common with those it may be folded with; 0: it may not be.
std::size_t pattern_of(std::string_view line) {
  if (line.size() > kLongestLine || !has_time(line) || tells_trouble(line)) return 0;
  const std::string mask = masked(line);
  return says_something(mask) ? std::hash<std::string_view>()(mask) | 1U : 0;
}

struct Run {
  std::size_t group = 0;  // lines
  std::size_t times = 0;
  [[nodiscard]] std::size_t lines() const { return group * times; }
};

// How often the `group` lines at `begin` are repeated.
Run run_of(const std::vector<std::size_t>& patterns, std::size_t begin, std::size_t group) {
  if (begin + group > patterns.size()) return {};
  for (std::size_t i = begin; i < begin + group; ++i)
    if (patterns[i] == 0) return {};
  std::size_t end = begin + group;
  while (end < patterns.size() && patterns[end] != 0 && patterns[end] == patterns[end - group]) ++end;
  return {group, (end - begin) / group};
}

Run longest_run(const std::vector<std::size_t>& patterns, std::size_t begin) {
  Run longest;
  for (std::size_t group = 1; group <= kLargestGroup; ++group) {
    const Run run = run_of(patterns, begin, group);
    if (run.times >= kFewestGroups && run.lines() >= kFewestLines && run.lines() > longest.lines()) longest = run;
  }
  return longest;
}

void append_line(std::string& out, std::string_view line) {
  if (!out.empty()) out += '\n';
  out += line;
}

}  // namespace

std::optional<std::string> fold_logs(std::string_view text) {
  const std::vector<std::string_view> lines = lines_of(text);
  if (lines.size() < kFewestLines) return std::nullopt;
  std::vector<std::size_t> patterns;
  patterns.reserve(lines.size());
  for (const std::string_view line : lines) patterns.push_back(pattern_of(line));
  std::string out;
  bool folded = false;
  std::size_t i = 0;
  while (i < lines.size()) {
    const Run run = longest_run(patterns, i);
    if (run.times == 0) {
      append_line(out, lines[i++]);
      continue;
    }
    const std::size_t end = i + run.lines();
    for (std::size_t k = i; k < i + run.group; ++k) append_line(out, lines[k]);
    append_line(out, fmt::format("[{} more lines like {}, with other numbers, until:]", run.lines() - 2 * run.group,
                                 run.group == 1 ? "this" : fmt::format("these {}", run.group)));
    for (std::size_t k = end - run.group; k < end; ++k) append_line(out, lines[k]);
    i = end;
    folded = true;
  }
  if (!folded || out.size() >= text.size()) return std::nullopt;
  // A text that begins with an empty line begins so still.
  return lines.front().empty() ? "\n" + out : out;
}

}  // namespace hearth::trim
