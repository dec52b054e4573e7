#include "src/duplicates.h"

#include "src/characters.h"

#include <fmt/format.h>

#include <functional>

namespace hearth::trim {
namespace {

constexpr std::size_t kWindow = 4;
constexpr std::size_t kFewestLines = 20;
constexpr std::size_t kFewestBytes = 800;
constexpr std::size_t kNothing = 0;

std::string_view comparable(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t hash_of(std::string_view text) {
  return std::hash<std::string_view>()(text);
}

// Over the kWindow lines that begin at each; kNothing where they are too short to tell one place from another.
std::vector<std::size_t> windows_of(const std::vector<std::string_view>& lines) {
  constexpr std::size_t kFactor = 0x9E3779B97F4A7C15;  // an odd number spreads what came before
  constexpr std::size_t kShortest = 40;
  std::vector<std::size_t> hashes;
  hashes.reserve(lines.size());
  for (const std::string_view line : lines) hashes.push_back(hash_of(line));
  std::vector<std::size_t> windows(lines.size(), kNothing);
  for (std::size_t i = 0; i + kWindow <= lines.size(); ++i) {
    std::size_t hash = 1;
    std::size_t bytes = 0;
    for (std::size_t k = i; k < i + kWindow; ++k) {
      hash = hash * kFactor + hashes[k];
      bytes += lines[k].size();
    }
    if (bytes >= kShortest) windows[i] = hash;
  }
  return windows;
}

// A line as something to find it by.
std::string quoted(std::string_view line) {
  constexpr std::size_t kMost = 60;
  const std::string_view text = stripped(line);
  const std::string_view part = shortened(text, kMost);
  return fmt::format("\"{}{}\"", part, part.size() < text.size() ? "…" : "");
}

}  // namespace

std::optional<std::string> Shown::whole(std::string_view text) const {
  const std::string_view content = comparable(text);
  const auto found = by_content_.find(hash_of(content));
  if (found == by_content_.end() || comparable(texts_[found->second].content) != content) return std::nullopt;
  return fmt::format("[the same text as {}]", texts_[found->second].name);
}

// Of lines that are worth a reference; else none.
Shown::Match Shown::match(const Text& text, std::size_t begin) const {
  if (text.windows[begin] == kNothing) return {};
  const auto found = by_lines_.find(text.windows[begin]);
  if (found == by_lines_.end()) return {};
  const Text& earlier = texts_[found->second.text];
  Match match{found->second, 0, 0};
  while (begin + match.lines < text.lines.size() && match.place.line + match.lines < earlier.lines.size() &&
         text.lines[begin + match.lines] == earlier.lines[match.place.line + match.lines]) {
    match.bytes += text.lines[begin + match.lines].size() + 1;
    ++match.lines;
  }
  return match.lines >= kFewestLines && match.bytes >= kFewestBytes ? match : Match();
}

std::optional<std::string> Shown::show(std::string_view text, std::string name) {
  texts_.push_back({std::string(text), std::move(name)});
  Text& shown = texts_.back();
  const std::size_t index = texts_.size() - 1;
  by_content_.try_emplace(hash_of(comparable(shown.content)), index);
  shown.lines = lines_of(shown.content);
  shown.windows = windows_of(shown.lines);
  std::string out;
  bool first = true;
  bool referred = false;
  const auto append = [&](std::string_view line) {
    if (!first) out += '\n';
    first = false;
    out += line;
  };
  std::vector<std::size_t> own;  // lines that stand here
  for (std::size_t i = 0; i < shown.lines.size();) {
    const Match same = match(shown, i);
    if (same.lines == 0) {
      own.push_back(i);
      append(shown.lines[i++]);
      continue;
    }
    append(fmt::format("[{} lines as in {}, from {} to {}]", same.lines, texts_[same.place.text].name,
                       quoted(shown.lines[i]), quoted(shown.lines[i + same.lines - 1])));
    i += same.lines;
    referred = true;
  }
  // Only afterwards: nothing refers to what stands beside it.
  for (const std::size_t line : own)
    if (shown.windows[line] != kNothing) by_lines_.try_emplace(shown.windows[line], Place{index, line});
  if (!referred || out.size() >= text.size()) return std::nullopt;
  return out;
}

}  // namespace hearth::trim
