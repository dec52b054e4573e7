// What to do with an engine, as pure functions: state and event in, state and actions out. No clock, no randomness, no
// process: those are inputs. The supervisor carries the actions out.
#pragma once

#include <hearth/core/clock.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace hearth::engines {

//            demand                 listens           canary answered
//  stopped ─────────► starting ─────────────► probing ───────────────► ready
//   ▲  ▲                 │                       │                      │  │
//   │  │ exited          │ exited, too slow      │ wrong, exited        │  │ idle, stop, restart
//   │  └──── draining ◄──┼───────────────────────┼──────────────────────┼──┘
//   │                    ▼                       ▼                      ▼ exited, does not answer
//   │ nobody waits     failing (being ended and reaped; nothing to end: passes at once)
//   ├────────────────────┤
//   │                    ├──► starting      the first failure after a success, and it was in use or somebody waits
//   │                    ├──► backoff       ──time over──► starting (somebody waits) or stopped
//   │                    └──► quarantined   too many failures in a row; ──a person, or 10 min: one try──► starting
//
//  absent: it cannot run here (no program, no pack, switched off, no sandbox). What is missing may come (appeared:
//  stopped) or go (vanished: back to absent, but only from stopped, backoff and quarantined).
enum class State { absent, stopped, starting, probing, ready, draining, failing, backoff, quarantined };
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
  Millis health_time{2'000};          // for its answer to GET /health after a failed request, which it is asked twice
  Millis drain_time{30'000};          // for requests in flight when it is to stop, before SIGTERM
  Millis stop_grace{6'000};           // from SIGTERM to SIGKILL; engines finish requests within 5 s
  Millis hurried_grace{1'000};        // the same when the daemon may not wait any longer
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
  bool suspect = false;              // ready, but a request failed: nothing is let in until it has answered GET /health
  SteadyTime ready_since;            // in ready
  SteadyTime idle_since;             // in ready, while nothing is in flight
  std::uint32_t restarts = 0;        // starts that followed a failure
  bool trial = false;                // this start is the one try out of quarantine
  bool restart_after = false;        // draining for a restart
  bool terminated = false;           // draining: SIGTERM was sent
  bool closing = false;              // the daemon ends: nothing starts any more
  std::optional<SteadyTime> timer = std::nullopt;  // when Event::timer is due; nullopt: no timer
};

enum class Event {
  demand,        // a request came (already counted in `waiting`)
  person_start,  // a person asks for it to run
  person_stop,
  person_restart,
  close,  // the daemon ends
  spawn_failed,
  listening,
  probe_passed,
  probe_failed,
  exited,           // the process is gone and reaped
  request_ok,       // a request ended (already taken off `in_flight`)
  request_failed,   // …by the engine's fault, while its process runs
  request_dropped,  // …by nobody's fault: the client left
  healthy,          // asked because of a failed request, it answered GET /health
  unresponsive,     // it does not answer GET /health any more
  appeared,         // what it needs is there now
  vanished,         // what it needs is gone
  timer,
};
std::string_view to_string(Event event) noexcept;

enum class Action {
  spawn,
  probe,         // ask for the canary's answer
  serve,         // let waiting requests in
  check_health,  // find out whether it still answers
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
