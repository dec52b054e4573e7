// What to do with an engine, as pure functions: state and event in, state and actions out. No clock, no randomness, no
// process: those are inputs. The supervisor carries the actions out.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/engines/health.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace hearth::engines {

//            demand           its memory is free        listens           canary answered
//  stopped ────────► reserving ─────────► starting ─────────────► probing ───────────────► ready
//   ▲  ▲                 │ nobody waits,    │                       │                      │  │
//   │  │◄────────────────┘ does not fit     │                       │                      │  │ idle, stop, restart,
//   │  │ exited                             │ exited, too slow      │ wrong, exited        │  │ its memory is needed
//   │  └──── draining ◄─────────────────────┼───────────────────────┼──────────────────────┼──┘
//   │                                       ▼                       ▼                      ▼ exited, does not answer,
//   │ nobody waits                        failing (being ended and reaped)                   stalls, answers wrongly
//   ├───────────────────────────────────────┤
//   │                    ├──► reserving     the first failure after a success, and it was in use or somebody waits
//   │                    ├──► backoff       ──time over──► reserving (somebody waits) or stopped
//   │                    └──► quarantined   too many failures in a row; ──a person, or 10 min: one try──► reserving
//
//  One that is kept warm and was refused its memory is stopped with a timer: it is tried again when that is due.
//
//  absent: it cannot run here (no program, no pack, switched off, no sandbox). What is missing may come (appeared:
//  stopped) or go (vanished: back to absent, but only from stopped, backoff and quarantined).
enum class State { absent, stopped, reserving, starting, probing, ready, draining, failing, backoff, quarantined };
std::string_view to_string(State state) noexcept;

struct Policy {
  Millis backoff_first{250};
  Millis backoff_max{30'000};
  double backoff_jitter = 0.2;  // a delay is shortened or lengthened by at most this part of it
  std::uint32_t quarantine_failures = 8;
  Millis quarantine_window{300'000};  // failures older than this do not count
  Millis quarantine_time{600'000};    // then one try
  Millis stable_time{60'000};         // ready for so long: the failures are forgotten
  std::uint32_t strikes = 3;          // requests in a row that failed on a process that still runs
  std::uint32_t errors = 3;           // answers in a row that are errors of its own: its canary's answer decides
  Millis doubt_pause{10'000};         // … and it is asked for that no more often than so
  Millis health_time{2'000};          // for its answer to GET /health after a failed request, which it is asked twice
  Millis drain_time{30'000};          // for requests in flight when it is to stop, before SIGTERM
  Millis stop_grace{6'000};           // from SIGTERM to SIGKILL; engines finish requests within 5 s
  Millis hurried_grace{1'000};        // the same when the daemon may not wait any longer
  Millis memory_retry{30'000};        // kept warm and refused its memory: tried again after so long, doubling…
  Millis memory_retry_max{600'000};
  Millis memory_wait{30'000};        // how long a request waits for memory before it is told to come again
  Millis sample_every{1'000};        // how often engines at work are measured
  Millis idle_sample_every{15'000};  // … and idle ones
  StallPolicy stall;
  HearingPolicy hearing;
  Millis canary_every{600'000};  // an idle engine is asked again; 0: only at its start
  LeakPolicy leak;
  Millis recycle_patience{60'000};  // for a pause between requests, before new ones are made to wait for one
};

// Per engine, constant.
struct Lifetimes {
  Millis start_deadline{10'000};
  Millis idle_stop{600'000};  // 0: never
  bool keep_warm = false;
};

struct Machine {
  State state = State::stopped;
  std::uint32_t waiting = 0;         // requests that want it and wait
  std::uint32_t in_flight = 0;       // requests it works on
  std::vector<SteadyTime> failures;  // since the last success, oldest first; at most quarantine_failures
  std::uint32_t strikes = 0;         // requests that failed although it answered GET /health afterwards, in a row
  std::uint32_t errors = 0;          // answers in a row that are errors of its own; at most Policy::errors
  std::optional<SteadyTime> doubted = std::nullopt;  // when the canary was last asked because of those
  bool suspect = false;        // ready, but a request failed: nothing is let in until it has answered GET /health
  SteadyTime ready_since;      // in ready
  SteadyTime idle_since;       // in ready, while nothing is in flight
  std::uint32_t restarts = 0;  // starts that followed a failure
  std::uint32_t refusals = 0;  // of its memory, in a row
  bool trial = false;          // this start is the one try out of quarantine
  bool restart_after = false;  // draining for a restart
  bool terminated = false;     // draining: SIGTERM was sent
  bool closing = false;        // the daemon ends: nothing starts any more
  std::optional<SteadyTime> timer = std::nullopt;  // when Event::timer is due; nullopt: no timer
};

enum class Event {
  demand,        // a request came (already counted in `waiting`)
  person_start,  // a person asks for it to run
  person_stop,
  person_restart,
  close,      // the daemon ends
  reserved,   // its memory is set aside: it may start
  deserted,   // nobody waits for it any more
  no_memory,  // its memory cannot be set aside
  evict,      // its memory is needed for others, or outside
  recycle,    // a fresh process, between requests
  spawn_failed,
  listening,
  probe_passed,
  probe_failed,
  exited,           // the process is gone and reaped
  request_ok,       // a request ended (already taken off `in_flight`)
  request_error,    // …with an error of the engine's own: it, or the input, is at fault
  request_failed,   // …by the engine's fault, while its process runs
  request_dropped,  // …by nobody's fault: the client left
  healthy,          // asked because of a failed request, it answered GET /health
  unresponsive,     // it does not answer GET /health any more
  appeared,         // what it needs is there now
  vanished,         // what it needs is gone
  stalled,          // a request makes no progress, whatever GET /health says
  canary_failed,    // ready, but it answers its canary request wrongly
  timer,
};
std::string_view to_string(Event event) noexcept;

enum class Action {
  reserve,  // find out when its memory is free
  spawn,
  probe,         // ask for the canary's answer
  serve,         // let waiting requests in
  check_health,  // find out whether it still answers
  ask_canary,    // find out whether it still answers rightly
  terminate,     // SIGTERM
  kill,          // SIGKILL to the whole tree
  refuse,        // tell all who wait that it will not come back soon
};

struct Step {
  Machine machine;
  std::vector<Action> actions;
};
// `random`: uniform in [0, 1).
Step next(Machine machine, Event event, const Policy& policy, const Lifetimes& lifetimes, SteadyTime now,
          double random);

// The pause before the n-th restart in a row (n from 1): none, then 250 ms doubling to 30 s, with jitter.
Millis backoff_delay(std::uint32_t failures, const Policy& policy, double random);

// May a request enter now?
struct Load {
  State state = State::stopped;
  bool suspect = false;
  std::uint32_t in_flight = 0;
  std::uint32_t slots = 1;
  std::uint32_t queued = 0;
  std::uint32_t queue_limit = 64;
  Millis service_time{0};                             // recent mean of one request; 0: unknown
  Millis start_time{0};                               // recent time from start to ready; 0: unknown
  std::optional<SteadyTime> next_try = std::nullopt;  // in backoff and quarantine
};
enum class Verdict { enter, wait, queue_full, too_late, not_soon, never };
// too_late: even with everything going well the deadline passes in the queue; not_soon: the engine rests past the
// deadline (backoff, quarantine); never: absent.
Verdict admit(const Load& load, SteadyTime now, SteadyTime deadline);
// When a client that was refused should try again; 1 s to 10 min.
Seconds retry_after(const Load& load, SteadyTime now);

}  // namespace hearth::engines
