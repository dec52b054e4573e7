// What a request's headers say about being answered later. Pure; any thread.
//
//   Prefer: respond-async, wait=10        RFC 7240: take it, answer later; but wait so many seconds for the answer
//   first x-hearth-deadline: 6h                 give up after that (a duration, or a time in RFC 3339)
//   x-hearth-not-before: cheap            not before that; `cheap`: in the hours that the configuration calls so
//   x-hearth-webhook: https://…           who is told of its end
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::deferred {

struct Preferences {
  bool respond_async = false;
  std::optional<Seconds> wait;
};
// A Prefer header (several fields joined by commas). What is not understood is passed over, as the RFC wants it; of a
// preference that is there twice, the first one counts.
Preferences parse_prefer(std::string_view header);

// "2026-11-27T22:00:00Z", "2026-11-27T22:00:00.5+01:00". invalid_argument.
Result<WallTime> parse_rfc3339(std::string_view text);
// A duration from now ("90min", "6h", "1d"; a bare number is seconds) or a time. invalid_argument, also for what lies
// more than ten years ahead.
Result<WallTime> parse_moment(std::string_view text, WallTime now);

// Part of each day, in minutes since midnight of the box's time zone; one that ends before it begins goes on past
// midnight.
struct Hours {
  int begin = 0;
  int end = 0;
  friend bool operator==(const Hours&, const Hours&) = default;
};
// "22:00-06:00". invalid_argument.
Result<Hours> parse_hours(std::string_view text);
// The next moment within one of `hours`: `now` itself, or when the nearest of them begins. nullopt: there are none.
std::optional<WallTime> next_within(const std::vector<Hours>& hours, WallTime now);

}  // namespace hearth::deferred
