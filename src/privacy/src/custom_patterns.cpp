#include "src/custom_patterns.h"

#include "src/characters.h"

#include <hearth/core/utf8.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::privacy {

namespace {

constexpr std::int64_t kMemory = std::int64_t{1} << 20;  // of one expression with all its states
constexpr std::size_t kMaxExpression = 1000;
// A text is matched in windows, so that an expression that looks far ahead does so within one window only.
constexpr std::size_t kWindow = 4 * kMaxMatch;

Result<void> check_name(std::string_view name) {
  constexpr std::size_t kLongest = 40;
  const bool right = !name.empty() && name.size() <= kLongest && is_lower(name.front()) &&
                     std::ranges::all_of(name, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
  if (right) return {};
  return fail(
      Errc::invalid_argument,
      fmt::format("\"{}\" is no name for a pattern; write lower-case letters, digits and '-'", name.substr(0, 80)));
}

}  // namespace

Result<std::shared_ptr<const CustomPatterns>> CustomPatterns::create(std::span<const Pattern> patterns) {
  if (patterns.size() > kMaxPatterns)
    return fail(Errc::invalid_argument,
                fmt::format("there are {} patterns; {} at most", patterns.size(), kMaxPatterns));
  auto made = std::make_shared<CustomPatterns>();
  for (const Pattern& pattern : patterns) {
    HEARTH_TRY(check_name(pattern.name));
    if (pattern.regex.size() > kMaxExpression)
      return fail(Errc::invalid_argument,
                  fmt::format("the expression of pattern {} is longer than {} bytes", pattern.name, kMaxExpression));
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kMemory);
    auto regex = std::make_unique<const re2::RE2>(pattern.regex, options);
    if (!regex->ok())
      return fail(Errc::invalid_argument,
                  fmt::format("the expression of pattern {} is wrong: {}", pattern.name, regex->error()));
    if (re2::RE2::FullMatch("", *regex))
      return fail(
          Errc::invalid_argument,
          fmt::format(
              "the expression of pattern {} also matches an empty text, and so every place; make it ask for something",
              pattern.name));
    made->compiled_.push_back({pattern, std::move(regex)});
  }
  return made;
}

std::optional<std::size_t> CustomPatterns::place_of(std::string_view name) const {
  const auto found = std::ranges::find(compiled_, name, [](const Compiled& one) { return one.pattern.name; });
  if (found == compiled_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - compiled_.begin());
}

void CustomPatterns::each_match(std::string_view text, const OnMatch& found) const {
  for (std::size_t place = 0; place < compiled_.size(); ++place) {
    const Compiled& one = compiled_[place];
    std::size_t at = 0;
    std::size_t matches = 0;
    while (at < text.size()) {
      const std::size_t stop = std::min(text.size(), at + kWindow);
      re2::StringPiece match;
      const bool any = one.regex->Match({text.data(), text.size()}, at, stop, re2::RE2::UNANCHORED, &match, 1);
      const auto begin = any ? static_cast<std::size_t>(match.data() - text.data()) : stop;
      // What begins near the window's end is looked at again in the next, where it is whole.
      if (!any || (stop < text.size() && begin + kMaxMatch > stop && begin > at)) {
        if (stop == text.size()) break;
        at = any ? begin : stop - kMaxMatch;
        continue;
      }
      found(begin, begin + match.size(), place, one.pattern);
      at = begin + std::max<std::size_t>(match.size(), 1);
      if (++matches == kMaxFindings) break;
    }
  }
}

}  // namespace hearth::privacy
