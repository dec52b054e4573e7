#include <hearth/core/log.h>
#include <hearth/spend/calendar.h>

#include <date/tz.h>
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <exception>

namespace hearth::spend {
namespace {

using std::chrono::floor;

constexpr int kLastYear = 2200;  // WallTime counts nanoseconds and ends in 2262

std::chrono::year_month_day civil(Day day) {
  return std::chrono::sys_days(std::chrono::days(day));
}

Day day_from(std::chrono::year_month_day day) {
  return static_cast<Day>(std::chrono::sys_days(day).time_since_epoch().count());
}

date::local_seconds to_local(const date::time_zone* zone, WallTime at) {
  const auto seconds = floor<std::chrono::seconds>(at);
  return zone == nullptr ? date::local_seconds(seconds.time_since_epoch()) : zone->to_local(seconds);
}

}  // namespace

std::string to_string(Day day) {
  const auto d = civil(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(d.year()), static_cast<unsigned>(d.month()),
                     static_cast<unsigned>(d.day()));
}

std::optional<Day> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  int y = 0;
  unsigned m = 0;
  unsigned d = 0;
  const auto read = [&](std::size_t at, std::size_t length, auto& value) {
    const auto [end, ec] = std::from_chars(text.data() + at, text.data() + at + length, value);
    return ec == std::errc() && end == text.data() + at + length;
  };
  if (!read(0, 4, y) || !read(5, 2, m) || !read(8, 2, d) || y < 1970 || y > kLastYear) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year(y), std::chrono::month(m), std::chrono::day(d)};
  if (!day.ok()) return std::nullopt;
  return day_from(day);
}

Calendar Calendar::local() {
  try {
    const char* tz = std::getenv("TZ");
    if (tz != nullptr && *tz != '\0') return Calendar(date::locate_zone(*tz == ':' ? tz + 1 : tz));
    return Calendar(date::current_zone());
  } catch (const std::exception& e) {
    log::warn("spend", "the time zone is not known: days begin at midnight UTC", {{"why", std::string(e.what())}});
    return utc();
  }
}

Result<Calendar> Calendar::of(const std::string& zone) {
  try {
    return Calendar(date::locate_zone(zone));
  } catch (const std::exception&) {
    return fail(Errc::not_found, fmt::format("there is no time zone {}; is the package tzdata installed?", zone));
  }
}

Day Calendar::day_of(WallTime at) const {
  return static_cast<Day>(floor<date::days>(to_local(zone_, at)).time_since_epoch().count());
}

Day Calendar::first_day(config::Period period, Day day) {
  if (period == config::Period::total) return 0;
  if (period == config::Period::day) return day;
  const auto d = civil(day);
  return day_from(d.year() / d.month() / 1);
}

WallTime Calendar::begin_of(Day day) const {
  if (zone_ == nullptr) return WallTime(std::chrono::days(day));
  // Where clocks are put forward at midnight the day begins at the first minute there is; where midnight comes twice,
  // at the first.
  return zone_->to_sys(date::local_days(date::days(day)), date::choose::earliest);
}

std::optional<WallTime> Calendar::end_of(config::Period period, Day first) const {
  if (period == config::Period::total) return std::nullopt;
  if (period == config::Period::day) return begin_of(first + 1);
  const auto d = civil(first);
  return begin_of(day_from((d.year() / d.month() + std::chrono::months(1)) / 1));
}

std::string Calendar::local_minute(WallTime at) const {
  const auto local = to_local(zone_, at);
  const auto day = floor<date::days>(local);
  const auto minutes = floor<std::chrono::minutes>(local - day).count();
  return fmt::format("{} {:02}:{:02}", to_string(static_cast<Day>(day.time_since_epoch().count())), minutes / 60,
                     minutes % 60);
}

}  // namespace hearth::spend
