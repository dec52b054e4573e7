#include <hearth/dialects/retry_after.h>

#include <charconv>
#include <cmath>
#include <ctime>
#include <string>

namespace hearth::dialects {
namespace {

constexpr double kDay = 24.0 * 3600 * 1000;  // ms

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::optional<double> read_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !(value >= 0) ||
      !std::isfinite(value))
    return std::nullopt;
  return value;
}

// RFC 9110, section 5.6.7, in the form that may be sent: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<WallTime> read_date(std::string_view text) {
  constexpr std::size_t kLength = 29;
  if (text.size() != kLength || !text.ends_with(" GMT")) return std::nullopt;
  std::tm time{};
  const std::string copy(text);
  const char* end = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&time));
}

Millis bounded(double ms) {
  return Millis(static_cast<Millis::rep>(std::min(std::max(ms, 0.0), kDay)));
}

}  // namespace

std::optional<Millis> read_retry_after(std::string_view milliseconds, std::string_view text, WallTime now) {
  if (const auto ms = read_number(trim(milliseconds))) return bounded(*ms);
  text = trim(text);
  constexpr double kSecond = 1000;
  if (const auto seconds = read_number(text)) return bounded(*seconds * kSecond);
  const auto date = read_date(text);
  if (!date) return std::nullopt;
  return bounded(std::chrono::duration<double, std::milli>(*date - now).count());
}

}  // namespace hearth::dialects
