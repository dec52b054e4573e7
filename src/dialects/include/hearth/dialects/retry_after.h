// When a server that refused wants to be asked again, in each form that servers write it and clients read it.
#pragma once

#include <hearth/core/clock.h>

#include <optional>
#include <string_view>

namespace hearth::dialects {

// `milliseconds`: the header retry-after-ms; `text`: Retry-After, as seconds (whole or not) or as a date of HTTP. The
// first that can be read counts; a time that is past is 0, one of more than a day is a day.
std::optional<Millis> read_retry_after(std::string_view milliseconds, std::string_view text, WallTime now);

}  // namespace hearth::dialects
