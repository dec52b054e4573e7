#include <hearth/config/route_step.h>
#include <hearth/core/money.h>
#include <hearth/core/units.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
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
    step.below_size = size;
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

Result<void> read_price(RouteStep& step, std::string_view text) {
  constexpr std::size_t kCurrency = 3;
  const bool long_enough = text.starts_with('<') && text.size() > 1 + kCurrency;
  const std::string_view currency = long_enough ? text.substr(text.size() - kCurrency) : std::string_view();
  const auto amount = long_enough ? parse_money(text.substr(1, text.size() - 1 - kCurrency)) : Result<std::int64_t>(0);
  if (!amount || *amount == 0 || !is_currency(currency))
    return fail(Errc::invalid_argument, fmt::format("'price{}' must be like price<0.02USD", text));
  step.below_price = Price{std::string(currency), *amount};
  return {};
}

Result<void> read_first_byte(RouteStep& step, std::string_view text) {
  constexpr std::chrono::hours kMost{1};
  const auto time = text.starts_with('<') ? parse_duration(text.substr(1)) : Result<std::chrono::milliseconds>(0);
  if (!time || time->count() <= 0 || *time > kMost)
    return fail(Errc::invalid_argument, fmt::format("'first_byte{}' must be like first_byte<2s", text));
  step.below_first_byte = *time;
  return {};
}

std::optional<double> read_figure(std::string_view text) {
  double figure = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), figure, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size() || !(figure >= 0 && figure <= 1)) return std::nullopt;
  return figure;
}

Result<void> read_quality(RouteStep& step, std::string_view text) {
  step.least_quality = text.starts_with(">=") ? read_figure(text.substr(2)) : std::nullopt;
  if (step.least_quality) return {};
  return fail(Errc::invalid_argument,
              fmt::format("'quality{}' must be like quality>=0.7; figures are from 0 to 1", text));
}

struct Comparison {
  std::string_view of;
  Result<void> (*read)(RouteStep&, std::string_view);
};
constexpr std::array kComparisons{Comparison{"size", read_size}, Comparison{"class", read_class},
                                  Comparison{"price", read_price}, Comparison{"first_byte", read_first_byte},
                                  Comparison{"quality", read_quality}};

struct Flag {
  std::string_view name;
  std::optional<bool> RouteStep::* member;
};
constexpr std::array kFlags{Flag{"tools", &RouteStep::tools}, Flag{"images", &RouteStep::images},
                            Flag{"online", &RouteStep::online}, Flag{"metered", &RouteStep::metered}};

// One condition, at the front of `words`; how many of them it took.
Result<std::size_t> read_condition(RouteStep& step, const std::vector<std::string_view>& words, std::size_t at) {
  const std::string_view word = words[at];
  const std::string_view next = at + 1 < words.size() ? words[at + 1] : std::string_view();
  for (const Comparison& comparison : kComparisons) {
    if (!word.starts_with(comparison.of)) continue;
    HEARTH_TRY(comparison.read(step, word.substr(comparison.of.size())));
    return 1;
  }
  if (word == "hours") {
    HEARTH_TRY(read_hours(step, next));
    return 2;
  }
  const bool no = word == "no";
  const auto* const flag = std::ranges::find(kFlags, no ? next : word, &Flag::name);
  if (flag == kFlags.end())
    return fail(Errc::invalid_argument,
                fmt::format("'{}' is no condition; there are size, class, hours, tools, images, online, metered, "
                            "price, first_byte and quality",
                            word));
  step.*flag->member = !no;
  return no ? 2 : 1;
}

bool can_hold(const RouteStep& step) {
  const bool metered_offline = step.metered.value_or(false) && !step.online.value_or(true);
  return step.least_class <= step.most_class && (!step.below_size || *step.below_size > step.least_size) &&
         !metered_offline;
}

// As in a step: "8k".
std::string write_count(std::uint64_t count) {
  constexpr std::uint64_t kThousand = 1'000;
  constexpr std::uint64_t kMillion = 1'000'000;
  if (count > 0 && count % kMillion == 0) return fmt::format("{}M", count / kMillion);
  if (count > 0 && count % kThousand == 0) return fmt::format("{}k", count / kThousand);
  return fmt::format("{}", count);
}

std::string write_time_of_day(int minute) {
  return fmt::format("{:02}:{:02}", minute / kMinutes, minute % kMinutes);
}

bool is_within(const RouteStep::Hours& hours, int now) {
  const auto [from, to] = hours;
  return from < to ? now >= from && now < to : now >= from || now < to;
}

std::string unmet_size(const RouteStep& step, std::uint64_t size) {
  const bool least = size < step.least_size;
  if (!least && (!step.below_size || size < *step.below_size)) return {};
  return fmt::format("size{}{}: the request has {} bytes", least ? ">=" : "<",
                     write_count(least ? step.least_size : *step.below_size), size);
}

std::string unmet_class(const RouteStep& step, DataClass data_class) {
  const bool least = data_class < step.least_class;
  if (!least && data_class <= step.most_class) return {};
  return fmt::format("class{}{}: the data are {}",
                     least ? ">=" : "<=", to_string(least ? step.least_class : step.most_class), to_string(data_class));
}

std::string unmet_flag(std::string_view name, std::optional<bool> wanted, bool is) {
  if (!wanted || *wanted == is) return {};
  return fmt::format("{}{}", *wanted ? "" : "no ", name);
}

}  // namespace

Result<Quality> parse_quality(std::string_view text) {
  const std::vector<std::string_view> words = words_of(text);
  const auto figure = words.size() == 2 ? read_figure(words[1]) : std::nullopt;
  if (!figure || text.size() > kMaxStep)
    return fail(
        Errc::invalid_argument,
        fmt::format("'{}': write a model and a figure from 0 to 1, like 'openai/gpt-5 0.9'", text.substr(0, 80)));
  return Quality{std::string(words[0]), *figure};
}

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
  if (!can_hold(step)) return fail(Errc::invalid_argument, "its conditions can never hold together");
  return step;
}

std::string unmet(const RouteStep& step, const RouteFacts& facts) {
  if (std::string size = unmet_size(step, facts.size); !size.empty()) return size;
  if (std::string its_class = unmet_class(step, facts.data_class); !its_class.empty()) return its_class;
  if (std::string tools = unmet_flag("tools", step.tools, facts.tools); !tools.empty())
    return fmt::format("{}: the request has {}", tools, facts.tools ? "tools" : "none");
  if (std::string images = unmet_flag("images", step.images, facts.images); !images.empty())
    return fmt::format("{}: the request has {}", images, facts.images ? "images" : "none");
  if (std::string online = unmet_flag("online", step.online, facts.online); !online.empty())
    return fmt::format("{}: the world outside can{} be reached", online, facts.online ? "" : "not");
  if (std::string metered = unmet_flag("metered", step.metered, facts.metered); !metered.empty())
    return fmt::format("{}: the line is {}metered", metered, facts.metered ? "" : "not ");
  if (step.hours && !is_within(*step.hours, facts.minute_of_day))
    return fmt::format("hours {}-{}: it is {}", write_time_of_day(step.hours->from), write_time_of_day(step.hours->to),
                       write_time_of_day(facts.minute_of_day));
  return {};
}

namespace {

std::string unmet_price(const RouteStep& step, const ModelFacts& facts) {
  if (!step.below_price) return {};
  const auto& [currency, bound] = *step.below_price;
  const bool comparable = facts.price && (facts.price->nano == 0 || facts.price->currency == currency);
  if (comparable && facts.price->nano < bound) return {};
  const std::string asked = fmt::format("price<{}{}", format_money(bound), currency);
  if (!facts.price) return fmt::format("{}: nobody knows its price", asked);
  return fmt::format("{}: it would ask for about {} {}", asked, format_money(facts.price->nano), facts.price->currency);
}

std::string unmet_first_byte(const RouteStep& step, const ModelFacts& facts) {
  if (!step.below_first_byte || !facts.first_byte) return {};
  const std::chrono::duration<double> bound = *step.below_first_byte;
  if (*facts.first_byte < bound.count()) return {};
  return fmt::format("first_byte<{}s: it took {} lately", bound.count(),
                     format_duration(std::chrono::duration<double>(*facts.first_byte)));
}

std::string unmet_quality(const RouteStep& step, const ModelFacts& facts) {
  if (!step.least_quality || (facts.quality && *facts.quality >= *step.least_quality)) return {};
  if (!facts.quality) return fmt::format("quality>={}: nobody said how good it is", *step.least_quality);
  return fmt::format("quality>={}: it is held to be {}", *step.least_quality, *facts.quality);
}

}  // namespace

std::string unmet(const RouteStep& step, const ModelFacts& facts) {
  if (std::string price = unmet_price(step, facts); !price.empty()) return price;
  if (std::string quality = unmet_quality(step, facts); !quality.empty()) return quality;
  return unmet_first_byte(step, facts);
}

}  // namespace hearth::config
