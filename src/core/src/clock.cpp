#include <hearth/core/clock.h>

#include <string>

namespace hearth {

SteadyTime steady_now() noexcept {
  return std::chrono::steady_clock::now();
}
WallTime wall_now() noexcept {
  return std::chrono::system_clock::now();
}

// Digit by digit: it stands in each line of the log, and to format it would cost more than the rest of the line.
std::string format_rfc3339(WallTime t) {
  using std::chrono::days;
  using std::chrono::floor;
  using std::chrono::hh_mm_ss;
  using std::chrono::milliseconds;
  using std::chrono::year_month_day;
  const auto since = floor<milliseconds>(t);
  const auto day = floor<days>(since);
  const year_month_day date(day);
  const hh_mm_ss time(since - day);
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&text](std::size_t last, std::int64_t value) {  // backwards from the last digit
    for (; value > 0; value /= 10) text[last--] = static_cast<char>('0' + value % 10);
  };
  put(3, static_cast<int>(date.year()));  // four digits: a WallTime of nanoseconds ends in 2262
  put(6, static_cast<unsigned>(date.month()));
  put(9, static_cast<unsigned>(date.day()));
  put(12, time.hours().count());
  put(15, time.minutes().count());
  put(18, time.seconds().count());
  put(22, time.subseconds().count());
  return text;
}

std::int64_t unix_seconds(WallTime t) noexcept {
  return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count();
}

}  // namespace hearth
