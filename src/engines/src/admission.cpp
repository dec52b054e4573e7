#include <hearth/engines/decisions.h>

#include <algorithm>
#include <cmath>

namespace hearth::engines {
namespace {

// How long until a request that comes last in the queue could begin, as far as is known. Never an overestimate by
// guesswork: what is unknown counts as nothing.
Millis expected_wait(const Load& load, SteadyTime now) {
  Millis wait{0};
  if (load.state != State::ready) wait += load.start_time;
  if (load.next_try && *load.next_try > now) wait += std::chrono::ceil<Millis>(*load.next_try - now);
  const std::uint32_t slots = std::max(1U, load.slots);
  const std::uint64_t ahead = std::uint64_t{load.in_flight} + load.queued;
  if (ahead >= slots) wait += load.service_time * static_cast<std::int64_t>((ahead - slots + 1 + slots - 1) / slots);
  return wait;
}

}  // namespace

Verdict admit(const Load& load, SteadyTime now, SteadyTime deadline) {
  if (load.state == State::absent) return Verdict::never;
  if (now >= deadline) return Verdict::too_late;
  if (load.state == State::ready && !load.suspect && load.queued == 0 && load.in_flight < load.slots)
    return Verdict::enter;
  if (load.state == State::quarantined) return Verdict::not_soon;
  if (load.state == State::backoff && load.next_try && *load.next_try >= deadline) return Verdict::not_soon;
  // A request for an engine that is not up yet waits for it, not behind others: as many as will enter at once may wait.
  const std::uint32_t entering = load.state == State::ready ? 0 : load.slots;
  if (load.queued >= load.queue_limit + entering) return Verdict::queue_full;
  // The mean says little about one request, so only what is far beyond the deadline is refused beforehand.
  if (deadline != SteadyTime::max() && now + expected_wait(load, now) / 4 > deadline) return Verdict::too_late;
  return Verdict::wait;
}

Seconds retry_after(const Load& load, SteadyTime now) {
  constexpr Seconds kLeast{1};
  constexpr Seconds kMost{600};
  return std::clamp(std::chrono::ceil<Seconds>(expected_wait(load, now)), kLeast, kMost);
}

}  // namespace hearth::engines
