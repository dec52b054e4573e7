#include "partial.h"

#include "outside.h"

#include <hearth/core/ids.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::models {
namespace {

constexpr std::string_view kVersion = "hearth-partial 1";
constexpr std::size_t kMaxRanges = 100'000;

// The next line without its end; nullopt at the end, or when the end is torn off.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::string_view> take_field(std::string_view& text, std::string_view name) {
  const auto line = take_line(text);
  if (!line || !line->starts_with(name) || line->size() <= name.size() || (*line)[name.size()] != ' ')
    return std::nullopt;
  return line->substr(name.size() + 1);
}

}  // namespace

void RangeSet::add(Range range) {
  if (range.begin >= range.end) return;
  const auto first = std::ranges::find_if(ranges_, [&](const Range& r) { return r.end >= range.begin; });
  auto last = first;
  while (last != ranges_.end() && last->begin <= range.end) {
    range.begin = std::min(range.begin, last->begin);
    range.end = std::max(range.end, last->end);
    ++last;
  }
  ranges_.insert(ranges_.erase(first, last), range);
}

std::uint64_t RangeSet::size() const noexcept {
  std::uint64_t sum = 0;
  for (const Range& range : ranges_) sum += range.size();
  return sum;
}

std::vector<Range> RangeSet::missing(std::uint64_t total, std::uint64_t piece) const {
  std::vector<Range> gaps;
  const auto add = [&](std::uint64_t begin, std::uint64_t end) {
    for (; begin < end; begin += std::min(piece, end - begin))
      gaps.push_back({begin, begin + std::min(piece, end - begin)});
  };
  std::uint64_t at = 0;
  for (const Range& range : ranges_) {
    if (range.begin >= total) break;
    add(at, range.begin);
    at = range.end;
  }
  add(at, total);
  return gaps;
}

std::string write_partial_state(const PartialState& state) {
  std::string text = fmt::format("{}\nurl {}\netag {}\ntotal {}\n", kVersion, state.url,
                                 state.etag.empty() ? "-" : state.etag, state.total);
  for (const Range& range : state.done.ranges()) text += fmt::format("done {}-{}\n", range.begin, range.end);
  return text + fmt::format("check {}\n", sha256_hex(text));
}

std::optional<PartialState> parse_partial_state(std::string_view text) {
  std::string_view rest = text;
  if (take_line(rest) != kVersion) return std::nullopt;
  PartialState state;
  const auto url = take_field(rest, "url");
  const auto etag = take_field(rest, "etag");
  const auto total_text = take_field(rest, "total");
  if (!url || !etag || !total_text) return std::nullopt;
  const auto total = parse_length(*total_text);
  if (!total) return std::nullopt;
  state.url = *url;
  state.total = *total;
  if (*etag != "-") {
    const auto strong = strong_etag(*etag);
    if (!strong) return std::nullopt;
    state.etag = *strong;
  }
  std::uint64_t before = 0;
  for (std::size_t count = 0; rest.starts_with("done "); ++count) {
    const auto line = take_field(rest, "done");
    if (!line || count >= kMaxRanges) return std::nullopt;
    const auto dash = line->find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto begin = parse_length(line->substr(0, dash));
    const auto end = parse_length(line->substr(dash + 1));
    if (!begin || !end || *begin >= *end || *end > *total || (count > 0 && *begin <= before)) return std::nullopt;
    before = *end;
    state.done.add({*begin, *end});
  }
  const std::string_view covered = text.substr(0, text.size() - rest.size());
  const auto check = take_field(rest, "check");
  if (!check || !rest.empty() || *check != sha256_hex(covered)) return std::nullopt;
  return state;
}

}  // namespace hearth::models
