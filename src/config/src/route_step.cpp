#include <hearth/config/route_step.h>

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace hearth::config {
namespace {

constexpr std::size_t kMaxStep = 400;
constexpr int kMinutes = 60;
constexpr int kDay = 24 * kMinutes;

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (true) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(" \t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::optional<std::uint64_t> read_count(std::string_view text) {
  std::uint64_t factor = 1;
  if (text.ends_with('k')) factor = 1'000;
  if (text.ends_with('M')) factor = 1'000'000;
  if (factor > 1) text.remove_suffix(1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr std::uint64_t kMost = 1'000'000'000;
  if (error != std::errc() || end != text.data() + text.size() || value > kMost) return std::nullopt;
  return value * factor;
}

std::optional<int> read_time_of_day(std::string_view text) {
  const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : -1; };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t at : {0UZ, 1UZ, 3UZ, 4UZ})
    if (digit(at) < 0) return std::nullopt;
  const int hour = digit(0) * 10 + digit(1);
  const int minute = digit(3) * 10 + digit(4);
  if (hour * kMinutes + minute > kDay || minute >= kMinutes) return std::nullopt;
  return hour * kMinutes + minute;
}

Result<void> read_size(RouteStep& step, std::string_view text) {
  const bool least = text.starts_with(">=");
  const auto size = read_count(text.substr(least ? 2 : 1));
  if (!size || (!least && !text.starts_with('<')))
    return fail(Errc::invalid_argument, fmt::format("'size{}' must be like size<8k or size>=200k", text));
  if (least) {
    step.least_size = *size;
  } else {
    step.below_size = *size;
  }
  return {};
}

Result<void> read_class(RouteStep& step, std::string_view text) {
  const auto named = text.size() < 2 ? std::nullopt : parse_data_class(text.substr(2));
  if (!named || !(text.starts_with("<=") || text.starts_with(">=")))
    return fail(
        Errc::invalid_argument,
        fmt::format("'class{}' must be like class<=internal; classes are public, internal, personal, secret", text));
  (text.front() == '<' ? step.most_class : step.least_class) = *named;
  return {};
}

Result<void> read_hours(RouteStep& step, std::string_view text) {
  const auto dash = text.find('-');
  const auto from = read_time_of_day(text.substr(0, dash));
  const auto to = dash == std::string_view::npos ? std::nullopt : read_time_of_day(text.substr(dash + 1));
  if (!from || !to || *from == *to)
    return fail(Errc::invalid_argument, fmt::format("'hours {}' must be like hours 22:00-06:00", text));
  step.hours = RouteStep::Hours{*from, *to};
  return {};
}

// One condition, at the front of `words`; how many of them it took.
Result<std::size_t> read_condition(RouteStep& step, const std::vector<std::string_view>& words, std::size_t at) {
  const std::string_view word = words[at];
  const std::string_view next = at + 1 < words.size() ? words[at + 1] : std::string_view();
  if (word.starts_with("size")) {
    HEARTH_TRY(read_size(step, word.substr(4)));
    return 1;
  }
  if (word.starts_with("class")) {
    HEARTH_TRY(read_class(step, word.substr(5)));
    return 1;
  }
  if (word == "hours") {
    HEARTH_TRY(read_hours(step, next));
    return 2;
  }
  const bool no = word == "no";
  const std::string_view what = no ? next : word;
  if (what != "tools" && what != "images")
    return fail(Errc::invalid_argument,
                fmt::format("'{}' is no condition; there are size, class, hours, tools and images", word));
  (what == "tools" ? step.tools : step.images) = !no;
  return no ? 2 : 1;
}

}  // namespace

Result<RouteStep> parse_route_step(std::string_view text) {
  if (text.size() > kMaxStep) return fail(Errc::invalid_argument, "is too long for a step of a route");
  const std::vector<std::string_view> words = words_of(text);
  if (words.empty()) return fail(Errc::invalid_argument, "is empty; a step names a model");
  RouteStep step;
  step.model = words.front();
  if (words.size() == 1) return step;
  if (words[1] != "if" || words.size() == 2)
    return fail(Errc::invalid_argument, fmt::format("after the model '{}' must come: if CONDITION and …", step.model));
  for (std::size_t at = 2;;) {
    HEARTH_TRY_ASSIGN(const std::size_t taken, read_condition(step, words, at));
    at += taken;
    if (at == words.size()) break;
    if (words[at] != "and" || at + 1 == words.size())
      return fail(Errc::invalid_argument, fmt::format("conditions are joined by 'and'; here is '{}'", words[at]));
    ++at;
  }
  if (step.least_class > step.most_class || (step.below_size && *step.below_size <= step.least_size))
    return fail(Errc::invalid_argument, "its conditions can never hold together");
  return step;
}

bool holds(const RouteStep& step, const RouteFacts& facts) noexcept {
  if (facts.size < step.least_size || (step.below_size && facts.size >= *step.below_size)) return false;
  if (facts.data_class < step.least_class || facts.data_class > step.most_class) return false;
  if (step.tools && *step.tools != facts.tools) return false;
  if (step.images && *step.images != facts.images) return false;
  if (!step.hours) return true;
  const auto [from, to] = *step.hours;
  const int now = facts.minute_of_day;
  return from < to ? now >= from && now < to : now >= from || now < to;
}

}  // namespace hearth::config
