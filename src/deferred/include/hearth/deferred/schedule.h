// Which deferred calls are sent next, and which have run out of time. Pure; any thread.
#pragma once

#include <hearth/core/clock.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hearth::deferred {

// A call that waits.
struct Candidate {
  std::string id;
  std::string owner;
  WallTime created;
  WallTime not_before;
  WallTime deadline;
  SteadyTime rests_until;  // after a failure; the past when there was none
};

// What each owner has under way, and when it last had its turn. In the memory of who schedules.
struct Turn {
  std::size_t running = 0;
  std::uint64_t last = 0;  // number of the start; 0: never
};
using Turns = std::map<std::string, Turn, std::less<>>;

struct Now {
  WallTime wall;
  SteadyTime steady;
};

struct Plan {
  std::vector<std::string> start;  // in this order
  std::vector<std::string> expire;
  std::optional<Millis> look_again;  // when time alone changes something; nullopt: never
};
// At most `places` calls under way at a time, those in `turns` included. A free place goes to the owner with the fewest
// under way, among those to the one whose last turn is longest ago; of its calls, to the oldest. So one who defers a
// thousand calls does not keep another one waiting.
Plan plan(const std::vector<Candidate>& waiting, Turns turns, std::size_t places, Now now);

}  // namespace hearth::deferred
