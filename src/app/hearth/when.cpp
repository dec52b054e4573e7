#include "when.h"

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

}  // namespace hearth::tool
