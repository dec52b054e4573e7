// Engine: its part of the ledger, and what is measured of it.
#include "engine_parts.h"

#include <hearth/core/log.h>
#include <hearth/core/units.h>

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace hearth::engines {
namespace {

// Requests count for the rate of use for about so long.
constexpr double kRateSeconds = 600;

Hold hold_of(State state) {
  switch (state) {
    case State::reserving:
      return Hold::wanted;
    case State::starting:
    case State::probing:
      return Hold::loading;
    case State::ready:
      return Hold::resident;
    case State::draining:
    case State::failing:
      return Hold::leaving;
    case State::absent:
    case State::stopped:
    case State::backoff:
    case State::quarantined:
      break;
  }
  return Hold::none;
}

}  // namespace

void Engine::note_hold() {
  const Hold hold = hold_of(machine_.state);
  if (hold == hold_) return;
  hold_ = hold;
  hold_since_ = steady_now();
  if (hold != Hold::resident) yielding_ = false;
  if (hold == Hold::wanted) memory_wait_.clear();
  if (desk_ != nullptr) desk_->changed();
}

LedgerEntry Engine::ledger_entry(SteadyTime now) const {
  LedgerEntry entry;
  entry.name = manifest_.name;
  entry.reservation = reservation_for(terms_.memory, learned());
  entry.measured = measured_;
  entry.hold = hold_;
  entry.in_flight = machine_.in_flight;
  entry.waiting = machine_.waiting;
  entry.urgent = !interactive_.empty();
  entry.pinned = terms_.lifetimes.keep_warm;
  entry.yielding = yielding_;
  entry.lane = terms_.lane;
  entry.since = hold_since_;
  entry.last_use = last_use_;
  entry.reload_time = start_time_ > Millis(0) ? start_time_ : learned_.reload_time;
  const double ago = std::max(0.0, seconds_between(last_use_, now));
  entry.rate = recent_uses_ * std::exp(-ago / kRateSeconds) / kRateSeconds;
  return entry;
}

Learned Engine::learned() const {
  Learned now = learned_;
  now.peak = std::max(now.peak, life_peak_);
  now.requests += life_served_;
  return now;
}

void Engine::end_life() {
  // A life that was not measured says nothing.
  if (life_peak_ > 0) learned_ = learn(learned_, life_peak_, life_served_, std::exchange(life_start_, Millis(0)));
  life_peak_ = life_served_ = measured_ = 0;
}

void Engine::count_use(SteadyTime now) {
  const double ago = std::max(0.0, seconds_between(last_use_, now));
  recent_uses_ = recent_uses_ * std::exp(-ago / kRateSeconds) + 1;
  last_use_ = now;
  used_since_measured_ = true;
}

void Engine::grant() {
  dispatch(Event::reserved);
}

void Engine::call_off() {
  dispatch(Event::deserted);
}

void Engine::refuse_memory(const std::string& why) {
  ++refusals_;
  memory_wait_ = why;
  last_error_ = fmt::format("cannot start: {}", why);
  log::warn(room_, "cannot start", {{"why", why}});
  dispatch(Event::no_memory);
}

void Engine::note_memory_wait(const std::string& why) {
  if (memory_wait_ == why) return;
  memory_wait_ = why;
  publish();
}

void Engine::evict() {
  dispatch(Event::evict);
}

void Engine::set_yielding(bool yielding) {
  if (yielding_ == yielding) return;
  yielding_ = yielding;
  if (!yielding) serve();
}

Error Engine::no_memory_yet() const {
  return {Errc::resource_exhausted, fmt::format("the engine {} waits for memory{}{}; try again later", manifest_.name,
                                                memory_wait_.empty() ? "" : ": ", memory_wait_)};
}

// What keeps it where it is, for whoever looks at the status.
std::string Engine::rests_because() const {
  if (machine_.state == State::reserving) return memory_wait_;
  if (machine_.state == State::ready) return held_;  // it goes on, but will not start again
  if (machine_.state == State::stopped && machine_.timer)
    return fmt::format("{}; it is kept warm, so it is tried again", memory_wait_);
  if (machine_.state == State::quarantined)
    return fmt::format("failed {} times within {}; it is tried again after {}, or with hearth engines restart {}",
                       machine_.failures.size(), format_duration(policy_.quarantine_window),
                       format_duration(policy_.quarantine_time), manifest_.name);
  return {};
}

std::optional<Engine::Watch> Engine::watch(SteadyTime now) const {
  if (!process_) return std::nullopt;
  Watch watch{.generation = generation_,
              .root = process_->pid(),
              .memory = false,
              .work = machine_.in_flight > 0,
              .group = group_};
  const bool active = machine_.in_flight > 0 || used_since_measured_ || hold_ != Hold::resident;
  watch.memory = now - measured_at_ >= (active ? policy_.sample_every : policy_.idle_sample_every) * 9 / 10;
  if (!watch.memory && !watch.work) return std::nullopt;
  return watch;
}

void Engine::note_sample(const Watch& watch, const ProcessSample& sample, SteadyTime now) {
  if (!lives(watch.generation)) return;
  stalled_ = sample.stalled;
  if (watch.work) judge_work(sample, now);
  if (!watch.memory || sample.memory == 0) return;
  measured_ = sample.memory;
  measured_at_ = now;
  used_since_measured_ = machine_.in_flight > 0;
  life_peak_ = std::max(life_peak_, measured_);
  judge_memory(now);
  publish();
}

}  // namespace hearth::engines
