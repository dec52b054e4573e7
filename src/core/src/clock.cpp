#include <hearth/core/clock.h>

#include <fmt/format.h>

#include <ctime>

namespace hearth {

SteadyTime steady_now() noexcept {
  return std::chrono::steady_clock::now();
}
WallTime wall_now() noexcept {
  return std::chrono::system_clock::now();
}

std::string format_rfc3339(WallTime t) {
  using namespace std::chrono;
  const auto since = floor<milliseconds>(t.time_since_epoch());
  const auto whole = floor<seconds>(since);
  const std::time_t tt = static_cast<std::time_t>(whole.count());
  std::tm utc{};
  gmtime_r(&tt, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, (since - whole).count());
}

std::int64_t unix_seconds(WallTime t) noexcept {
  return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count();
}

}  // namespace hearth
