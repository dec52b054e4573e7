#include "when.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <optional>

namespace hearth::tool {
namespace {

std::optional<std::tm> local(std::string_view rfc3339) {
  std::tm utc{};
  const std::string text(rfc3339.substr(0, 19));
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &utc.tm_year, &utc.tm_mon, &utc.tm_mday, &utc.tm_hour,
                  &utc.tm_min, &utc.tm_sec) != 6)
    return std::nullopt;
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  const std::time_t seconds = timegm(&utc);
  std::tm out{};
  if (localtime_r(&seconds, &out) == nullptr) return std::nullopt;
  return out;
}

std::unexpected<Error> no_time(std::string_view text) {
  return fail(Errc::invalid_argument,
              fmt::format("'{}' is no time; write it like 24h, 7d, today, yesterday, 2026-11-21 or '2026-11-21 08:30'",
                          text.substr(0, 60)));
}

// Midnight, so many days before `now`.
WallTime day_start(WallTime now, int days_before) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm day{};
  localtime_r(&seconds, &day);
  day.tm_hour = day.tm_min = day.tm_sec = 0;
  day.tm_mday -= days_before;
  day.tm_isdst = -1;
  return std::chrono::system_clock::from_time_t(std::mktime(&day));
}

bool in_range(const std::tm& t) {
  return t.tm_year >= 1970 && t.tm_year <= 9999 && t.tm_mon >= 1 && t.tm_mon <= 12 && t.tm_mday >= 1 &&
         t.tm_mday <= 31 && t.tm_hour >= 0 && t.tm_hour <= 23 && t.tm_min >= 0 && t.tm_min <= 59 && t.tm_sec >= 0 &&
         t.tm_sec <= 60;
}

}  // namespace

std::string local_minute(std::string_view rfc3339) {
  const auto t = local(rfc3339);
  if (!t) return std::string(rfc3339);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", t->tm_year + 1900, t->tm_mon + 1, t->tm_mday, t->tm_hour,
                     t->tm_min);
}

std::string local_second(std::string_view rfc3339) {
  const auto t = local(rfc3339);
  if (!t) return std::string(rfc3339);
  return fmt::format("{:02}:{:02}:{:02}", t->tm_hour, t->tm_min, t->tm_sec);
}

Result<WallTime> parse_when(std::string_view text, WallTime now) {
  if (text == "today") return day_start(now, 0);
  if (text == "yesterday") return day_start(now, 1);
  std::tm t{};
  int used = 0;
  std::string plain(text);
  const bool utc = plain.ends_with('Z');
  if (utc) plain.pop_back();
  const int fields = std::sscanf(plain.c_str(), "%4d-%2d-%2d%n%*1[T ]%2d:%2d%n:%2d%n", &t.tm_year, &t.tm_mon,
                                 &t.tm_mday, &used, &t.tm_hour, &t.tm_min, &used, &t.tm_sec, &used);
  if (fields < 3) {
    const auto ago = parse_duration(text);
    if (!ago || *ago > now.time_since_epoch()) return no_time(text);
    return now - *ago;
  }
  if (fields == 4 || static_cast<std::size_t>(used) != plain.size() || !in_range(t)) return no_time(text);
  const int day = t.tm_mday;
  t.tm_year -= 1900;
  t.tm_mon -= 1;
  t.tm_isdst = -1;
  const std::time_t seconds = utc ? timegm(&t) : std::mktime(&t);
  if (seconds < 0 || t.tm_mday != day) return no_time(text);  // the 31st of a month that has thirty days
  return std::chrono::system_clock::from_time_t(seconds);
}

}  // namespace hearth::tool
