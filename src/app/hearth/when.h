// The daemon's times as people read them.
#pragma once

#include <string>
#include <string_view>

namespace hearth::tool {

// "2026-11-21T08:30:00.123Z" as "2026-11-21 09:30" in the time zone of this machine; the text itself if it is no such
// time.
std::string local_minute(std::string_view rfc3339);
// The same with seconds, "09:30:00", for logs.
std::string local_second(std::string_view rfc3339);

}  // namespace hearth::tool
