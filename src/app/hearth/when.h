// Times as people read and write them.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>

#include <string>
#include <string_view>

namespace hearth::tool {

// "2026-11-21T08:30:00.123Z" as "2026-11-21 09:30" in the time zone of this machine; the text itself if it is no such
// time.
std::string local_minute(std::string_view rfc3339);
// The same with seconds, "09:30:00", for logs.
std::string local_second(std::string_view rfc3339);

// A point in the past as people write it: "24h" or "7d" ago, "today", "yesterday", "2026-11-21", "2026-11-21 08:30" (or
// with a T, and seconds) in the time zone of this machine, or with a Z at its end in UTC. invalid_argument.
Result<WallTime> parse_when(std::string_view text, WallTime now);

}  // namespace hearth::tool
