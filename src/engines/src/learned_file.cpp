#include "learned_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace hearth::engines {
namespace {

constexpr std::size_t kMaxName = 128;
constexpr std::uint64_t kMostMemory = 1ULL << 50;
constexpr std::uint64_t kMostRequests = 1ULL << 60;
constexpr std::uint64_t kLongestReload = 24ULL * 3600 * 1000;  // ms

bool is_name(std::string_view name) {
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  return !name.empty() && name.size() <= kMaxName && std::ranges::all_of(name, printable);
}

std::string_view take(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

std::optional<std::uint64_t> number(std::string_view text, std::uint64_t most) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

}  // namespace

LearnedByName parse_learned(std::string_view text) {
  LearnedByName learned;
  text = text.substr(0, kMaxLearnedFile);
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    const std::string_view name = take(line, ' ');
    const auto peak = number(take(line, ' '), kMostMemory);
    const auto requests = number(take(line, ' '), kMostRequests);
    const auto reload = number(line, kLongestReload);
    if (!is_name(name) || !peak || !requests || !reload) continue;
    learned[std::string(name)] = {
        .peak = *peak, .requests = *requests, .reload_time = Millis(static_cast<std::int64_t>(*reload))};
  }
  return learned;
}

std::string format_learned(const LearnedByName& learned) {
  std::string text;
  for (const auto& [name, l] : learned)
    text += fmt::format("{} {} {} {}\n", name, l.peak, l.requests, l.reload_time.count());
  return text;
}

}  // namespace hearth::engines
