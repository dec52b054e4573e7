#include <hearth/core/units.h>
#include <hearth/engines/fallback.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::engines {
namespace {

// Would a step from `from` to `to` change what the trouble comes from?
bool helps(const Rung& from, const Rung& to, Trouble trouble) {
  switch (trouble) {
    case Trouble::no_memory:
      // Another version of the same needs the same.
      if (to.kind == RungKind::other_version) return false;
      return to.kind == RungKind::other_upstream || to.memory < from.memory;
    case Trouble::absent:
    case Trouble::crash_loop:
    case Trouble::stalls:
    case Trouble::wrong_answers:
      return true;
  }
  return true;
}

// Until when a rung is left alone because of what happened on it.
SteadyTime punished_until(const Ladder& ladder, std::size_t rung, const LadderPolicy& policy) {
  SteadyTime until = SteadyTime::min();
  Millis pause = policy.forgive;
  for (const Mishap& mishap : ladder.mishaps) {
    if (mishap.rung != rung) continue;
    until = std::max(until, mishap.at + pause);
    pause = std::min(pause * 2, policy.forgive_most);
  }
  return until;
}

bool usable(const Ladder& ladder, std::size_t rung, std::uint64_t free, SteadyTime now, const LadderPolicy& policy) {
  const Rung& r = ladder.rungs[rung];
  return r.available && r.allowed && (r.kind == RungKind::other_upstream || r.memory <= free) &&
         punished_until(ladder, rung, policy) <= now;
}

}  // namespace

std::string_view to_string(RungKind kind) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"as configured", "other version", "other model", "other upstream"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string_view to_string(Trouble trouble) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"crash loop", "stalls", "wrong answers", "no memory", "absent"};
  return kNames.at(static_cast<std::size_t>(trouble));
}

FallbackStep fall_back(const Ladder& ladder, Trouble trouble, std::uint64_t free, SteadyTime now,
                       const LadderPolicy& policy) {
  if (ladder.current >= ladder.rungs.size()) return {.to = std::nullopt, .why = "there is no such rung"};
  const Rung& from = ladder.rungs[ladder.current];
  for (std::size_t i = 0; i < ladder.rungs.size(); ++i) {
    const Rung& to = ladder.rungs[i];
    if (i == ladder.current || !helps(from, to, trouble) || !usable(ladder, i, free, now, policy)) continue;
    return {.to = i,
            .why = fmt::format("{} ({}): {}; now {} ({})", from.name, to_string(from.kind), to_string(trouble), to.name,
                               to_string(to.kind))};
  }
  return {.to = std::nullopt,
          .why = fmt::format("{} ({}): {}; nothing else is installed, allowed and fits in {}", from.name,
                             to_string(from.kind), to_string(trouble), format_bytes(free))};
}

std::optional<std::size_t> climb_back(const Ladder& ladder, std::uint64_t free, SteadyTime now,
                                      const LadderPolicy& policy) {
  for (std::size_t i = 0; i < std::min(ladder.current, ladder.rungs.size()); ++i) {
    if (usable(ladder, i, free, now, policy)) return i;
  }
  return std::nullopt;
}

Ladder record(Ladder ladder, Trouble trouble, SteadyTime now, const LadderPolicy& policy) {
  ladder.mishaps.push_back({.rung = ladder.current, .trouble = trouble, .at = now});
  while (ladder.mishaps.size() > policy.remembered) ladder.mishaps.erase(ladder.mishaps.begin());
  return ladder;
}

}  // namespace hearth::engines
