#include <hearth/core/units.h>
#include <hearth/deferred/preferences.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <utility>

namespace hearth::deferred {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr Seconds kLongestWait{600};
constexpr days kFarthest{3650};
constexpr int kDay = 24 * 60;  // minutes

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool iequals(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// What stands before `separator`, outside of quoted strings; it is taken off `text`.
std::string_view take_until(std::string_view& text, char separator) {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (quoted && text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[at] == separator) {
      break;
    }
  }
  at = std::min(at, text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

// All of `text` as a number without a sign.
std::optional<int> number(std::string_view text) {
  int value = 0;
  if (text.empty() || text.front() == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Seconds> parse_wait(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  const auto seconds = number(trim(text));
  if (!seconds) return std::nullopt;
  return std::min(Seconds(*seconds), kLongestWait);
}

// Reads RFC 3339's fixed fields one after the other.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  int digits(std::size_t count) {
    const std::string_view part = text_.substr(0, count);
    const auto value = number(part);
    if (part.size() < count || !value || part.front() == '+') {
      good_ = false;
      return 0;
    }
    text_.remove_prefix(count);
    return *value;
  }
  void expect(std::string_view any_of) {
    if (next(any_of) == '\0') good_ = false;
  }
  // The next character, if it is one of these; else '\0', and it stays.
  char next(std::string_view any_of) {
    if (text_.empty() || any_of.find(text_.front()) == std::string_view::npos) return '\0';
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  // ".5": milliseconds; finer digits are dropped.
  int fraction() {
    if (next(".") == '\0') return 0;
    int value = 0;
    int count = 0;
    for (char c = next("0123456789"); c != '\0'; c = next("0123456789"), ++count)
      if (count < 3) value = value * 10 + (c - '0');
    if (count == 0) good_ = false;
    for (; count < 3; ++count) value *= 10;
    return value;
  }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool ended() const { return text_.empty(); }

 private:
  std::string_view text_;
  bool good_ = true;
};

// Minutes since midnight, here.
int minute_of_day(WallTime t) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(t);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return local.tm_hour * 60 + local.tm_min;
}

// The day of `t`, at that minute, so many days later.
WallTime at_minute(WallTime t, int minute, int days_later) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(t);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  local.tm_mday += days_later;
  local.tm_hour = minute / 60;
  local.tm_min = minute % 60;
  local.tm_sec = 0;
  local.tm_isdst = -1;  // the day may have other rules
  return std::chrono::system_clock::from_time_t(::mktime(&local));
}

bool is_within(const Hours& h, int minute) {
  if (h.begin == h.end) return true;  // all day
  return h.begin < h.end ? minute >= h.begin && minute < h.end : minute >= h.begin || minute < h.end;
}

}  // namespace

Preferences parse_prefer(std::string_view header) {
  Preferences preferences;
  bool wait_seen = false;
  while (!header.empty()) {
    std::string_view preference = take_until(header, ',');
    std::string_view value = take_until(preference, ';');  // parameters have no meaning here
    const std::string_view name = trim(take_until(value, '='));
    if (iequals(name, "respond-async")) preferences.respond_async = true;
    if (iequals(name, "wait") && !std::exchange(wait_seen, true)) preferences.wait = parse_wait(trim(value));
  }
  return preferences;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  const auto no_time = [&] {
    return fail(Errc::invalid_argument,
                fmt::format("\"{}\" is no time; write it like 2026-11-27T22:00:00Z", text.substr(0, 40)));
  };
  Reader reader(text);
  const int year = reader.digits(4);
  reader.expect("-");
  const int month = reader.digits(2);
  reader.expect("-");
  const int day = reader.digits(2);
  reader.expect("Tt ");
  const int hour = reader.digits(2);
  reader.expect(":");
  const int minute = reader.digits(2);
  reader.expect(":");
  const int second = reader.digits(2);
  const int millis = reader.fraction();
  int offset = 0;  // minutes
  if (const char sign = reader.next("+-"); sign != '\0') {
    const int offset_hours = reader.digits(2);
    reader.expect(":");
    const int offset_minutes = reader.digits(2);
    if (offset_hours > 23 || offset_minutes > 59) return no_time();
    offset = (sign == '-' ? -1 : 1) * (offset_hours * 60 + offset_minutes);
  } else {
    reader.expect("Zz");
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!reader.good() || !reader.ended() || !date.ok() || year < 1970 || hour > 23 || minute > 59 || second > 60)
    return no_time();
  // A year of four digits is within what the clock's nanoseconds can hold only up to 2262.
  if (year > 2200) return no_time();
  return WallTime(std::chrono::sys_days(date)) + hours(hour) + minutes(minute - offset) + Seconds(second) +
         Millis(millis);
}

Result<WallTime> parse_moment(std::string_view text, WallTime now) {
  text = trim(text);
  const auto too_far = [&] {
    return fail(Errc::invalid_argument, fmt::format("\"{}\" is more than ten years ahead", text.substr(0, 40)));
  };
  if (text.find(':') == std::string_view::npos) {
    const auto duration = parse_duration(text);
    if (!duration)
      return fail(Errc::invalid_argument,
                  fmt::format("\"{}\" is neither a duration, like 6h, nor a time, like 2026-11-27T22:00:00Z",
                              text.substr(0, 40)));
    if (*duration > kFarthest) return too_far();
    return now + *duration;
  }
  HEARTH_TRY_ASSIGN(const WallTime moment, parse_rfc3339(text));
  if (moment > now + kFarthest) return too_far();
  return moment;
}

Result<Hours> parse_hours(std::string_view text) {
  Reader reader(text);
  const int begin_hour = reader.digits(2);
  reader.expect(":");
  const int begin_minute = reader.digits(2);
  reader.expect("-");
  const int end_hour = reader.digits(2);
  reader.expect(":");
  const int end_minute = reader.digits(2);
  const bool in_range = begin_hour < 24 && begin_minute < 60 && end_minute < 60 && end_hour * 60 + end_minute <= kDay;
  if (!reader.good() || !reader.ended() || !in_range)
    return fail(Errc::invalid_argument,
                fmt::format("\"{}\" are no hours of a day; write them like 22:00-06:00", text.substr(0, 40)));
  return Hours{begin_hour * 60 + begin_minute, (end_hour * 60 + end_minute) % kDay};
}

std::optional<WallTime> next_within(const std::vector<Hours>& hours, WallTime now) {
  if (hours.empty()) return std::nullopt;
  const int minute = minute_of_day(now);
  if (std::ranges::any_of(hours, [&](const Hours& h) { return is_within(h, minute); })) return now;
  WallTime nearest = WallTime::max();
  for (const Hours& h : hours) {
    const WallTime today = at_minute(now, h.begin, 0);
    nearest = std::min(nearest, today > now ? today : at_minute(now, h.begin, 1));
  }
  return nearest;
}

}  // namespace hearth::deferred
