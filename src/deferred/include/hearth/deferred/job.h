// A deferred call: a request that was taken to be answered later, and how it gets to its end. Pure; any thread.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::deferred {

//             ┌── not_now, broke, lost, rerun ─────────────────────────────────┐
//             ▼                                                                │
//  ●──▶ queued ──────────────────────── claimed ──────────────────────────▶ running ──▶ done (answered)
//        │  │                                                                │  │  └──▶ failed (refused)
//        │  └──────────────── cancelled ──────▶ cancelled ◀─────────────────┘  │
//        └─────────────────── expired ────────▶ expired ◀──────────────────────┘
//
// Each step is in the journal before its effect: `claimed` before the request goes out, the answer before anybody is
// told of it. A process that dies leaves `running` behind, and the next one finds it lost. What has ended stays so.
enum class Status { queued, running, done, failed, expired, cancelled };
std::string_view to_string(Status status) noexcept;
// nullopt: there is no such status.
std::optional<Status> parse_status(std::string_view text) noexcept;
constexpr bool has_ended(Status status) noexcept {
  return status != Status::queued && status != Status::running;
}

enum class Event {
  claimed,    // it is about to be sent
  answered,   // with success
  refused,    // with an error that will not pass, or too often with one that might
  not_now,    // with an error that says to come back later
  broke,      // with an error of whoever was to do it
  lost,       // the connection, or the whole process, ended without an answer
  rerun,      // an earlier attempt may have been done, its answer is gone, and it is to be done again all the same
  cancelled,  // by its owner
  expired,    // its deadline has passed
};
std::string_view to_string(Event event) noexcept;

struct Progress {
  Status status = Status::queued;
  std::uint32_t attempts = 0;  // how often it was claimed
  std::uint32_t broken = 0;    // how many of those ended in `broke`
  std::uint32_t reruns = 0;    // and how many in `rerun`
  friend bool operator==(const Progress&, const Progress&) = default;
};
// failed_precondition: this does not happen in that state.
Result<Progress> advance(const Progress& progress, Event event);

// What its request carries, so that whoever has done it, or may have, can tell: the same one for all attempts, until
// it is to be done again although it may have been done.
std::string idempotency_key(std::string_view id, std::uint32_t reruns);

// What to do when nobody can say whether a provider did, and charges for, an attempt that was lost.
enum class OnUnknown { run_again, give_up };

struct RetryPolicy {
  std::uint32_t tries = 5;   // that end in an error of the upstream (500, 502, 504); there is no limit to "not now"
  Millis first{1'000};       // pause after a failure, doubled each time…
  Millis longest{300'000};   // … up to this
  Millis budget{1'800'000};  // after an answer that says not to come back soon: the budget is used up
  OnUnknown on_unknown = OnUnknown::run_again;
};
// What came back.
struct Reply {
  int status = 0;
  bool outcome_unknown = false;    // a conflict: an earlier attempt was sent, and its answer is gone
  bool told_not_to_retry = false;  // x-should-retry: false
  std::optional<Millis> retry_after = {};
};
struct Verdict {
  Event event = Event::answered;
  Millis pause{0};  // where it goes back into the queue
};
// `failures`: attempts in a row that failed, this one included, where nothing else was in the way: one that was cut off
// with its daemon is none. `chance`: 0 to 1.
Verdict judge(const Reply& reply, const Progress& progress, std::uint32_t failures, const RetryPolicy& policy,
              double chance);
// The connection broke.
Verdict judge_loss(std::uint32_t failures, const RetryPolicy& policy, double chance);

}  // namespace hearth::deferred
