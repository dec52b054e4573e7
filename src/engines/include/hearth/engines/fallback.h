// What to try when an engine does not work as it is: another version of it, another model, another upstream. Pure: the
// ladder and the troubles so far in, the next step out; whoever carries it out records it.
#pragma once

#include <hearth/core/clock.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::engines {

// From what changes least for the client to what changes most; a ladder is sorted by it.
enum class RungKind { as_configured, other_version, other_model, other_upstream };
std::string_view to_string(RungKind kind) noexcept;

enum class Trouble {
  crash_loop,     // it is in quarantine
  stalls,         // its work stops again and again
  wrong_answers,  // it answers its canary wrongly
  no_memory,      // it does not fit, or ran into its limit
  absent,         // it cannot run here: no program, no device
};
std::string_view to_string(Trouble trouble) noexcept;

struct Rung {
  RungKind kind = RungKind::as_configured;
  std::string name;          // for people: "b4123", "qwen-0.5b", "box-2"
  bool available = true;     // it is installed, or can be reached
  bool allowed = true;       // policy lets these requests go there (an upstream outside)
  std::uint64_t memory = 0;  // bytes it needs here; 0: none
};

// What happened on a rung, newest last.
struct Mishap {
  std::size_t rung = 0;  // index in the ladder
  Trouble trouble = Trouble::crash_loop;
  SteadyTime at;
};

struct LadderPolicy {
  Millis forgive{600'000};  // a rung that failed is tried again after so long, doubled for each time in a row…
  Millis forgive_most{24 * 3'600'000LL};
  std::size_t remembered = 64;  // mishaps
};

struct Ladder {
  std::vector<Rung> rungs;  // the preferred first; the first is what was configured
  std::size_t current = 0;
  std::vector<Mishap> mishaps;
};

struct FallbackStep {
  std::optional<std::size_t> to;  // nullopt: nothing is left to try now
  std::string why;                // in words, for the record
};
// After `trouble` on the current rung (already recorded): the best rung that can help against it. `free`: bytes that a
// rung here could have.
FallbackStep fall_back(const Ladder& ladder, Trouble trouble, std::uint64_t free, SteadyTime now,
                       const LadderPolicy& policy);
// While all is well: a better rung whose time of punishment is over; nullopt: stay.
std::optional<std::size_t> climb_back(const Ladder& ladder, std::uint64_t free, SteadyTime now,
                                      const LadderPolicy& policy);
// Adds a mishap of the current rung, and forgets the oldest past the limit.
Ladder record(Ladder ladder, Trouble trouble, SteadyTime now, const LadderPolicy& policy);

}  // namespace hearth::engines
