// Is an engine well? Pure judgements over samples: times and figures in, verdict out. The supervisor takes the samples
// and acts on the verdicts.
#pragma once

#include <hearth/core/clock.h>

#include <cstdint>
#include <vector>

namespace hearth::engines {

// ── Does the work in flight make progress? What GET /health says is not asked: a wedged engine may well answer it.

struct Progress {
  std::uint64_t bytes = 0;         // sent to and received from the engine for requests, ever
  bool owes = false;               // the daemon waits for the engine: to take a part, or to send more of an answer
  double cpu_seconds = 0;          // of its process tree
  double waited_seconds = 0;       // of its threads together, for a processor
  std::uint64_t major_faults = 0;  // of its process tree: it reads a model from the disk
};

struct StallPolicy {
  Millis stall_time{8'000};  // no byte, no computing, no reading for so long: wedged
  Millis busy_time{0};  // computing for so long without a byte is no progress either; 0: the request's deadline tells
  double cpu_step = 0.05;    // CPU seconds that count as computing: less is what threads use that only wait
  Millis sample_cap{2'000};  // a gap between samples counts for no more: the machine may have stood still
};

// Begins as it is; belongs to one process.
struct StallState {
  bool owed = false;
  SteadyTime at;
  std::uint64_t bytes = 0;
  double cpu_mark = 0;
  std::uint64_t fault_mark = 0;
  double waited = 0;
  Millis still{0};   // without any progress, although there was a processor for it
  Millis silent{0};  // without a byte
};
enum class Stall { none, wedged, spinning };
struct StallStep {
  StallState state;
  Stall verdict = Stall::none;
};
StallStep note_progress(StallState state, const Progress& progress, SteadyTime now, const StallPolicy& policy);

// ── Does it still take what is sent to it? One that has run out of file descriptors leaves new connections waiting,
// and may well compute, or answer on those it has. While it works, GET /health is asked on a new connection.

struct HearingPolicy {
  Millis ask_every{1'500};
  Millis deaf_time{5'000};  // unanswered for so long although it is alive: nothing more is sent to it
  Millis grace{30'000};     // … and so long for what it still answers elsewhere
};
// Begins as it is; belongs to one process.
struct HearingState {
  bool asked = false;
  SteadyTime at;
  std::uint64_t bytes = 0;
  double cpu_mark = 0;
  bool alive = false;  // it computed, or a byte went, since it was asked
  Millis unheard{0};
};
enum class Hearing { well, hard, deaf };
struct HearingStep {
  HearingState state;
  Hearing verdict = Hearing::well;
};
// `asked`: GET /health is waiting for its answer. `silent`: without a byte for requests (StallState).
HearingStep note_hearing(HearingState state, bool asked, const Progress& progress, Millis silent, SteadyTime now,
                         const HearingPolicy& policy, const StallPolicy& stall);

// ── Is it time to ask the canary again?

struct CanaryFacts {
  bool ready = false;
  std::uint32_t in_flight = 0;
  std::uint32_t waiting = 0;
  SteadyTime last_right;  // when it last answered rightly
};
bool canary_due(const CanaryFacts& facts, SteadyTime now, Millis every) noexcept;

// ── Does it use more and more memory?

struct LeakPolicy {
  std::size_t points = 12;            // so many are looked at together
  Millis point_time{5'000};           // a point stands for at least so long
  std::uint64_t point_requests = 1;   // … and at least so many requests
  std::uint64_t floor = 64ULL << 20;  // bytes: less growth over all points is let be
  double steady = 0.9;                // so many of the pairs of points must rise
};
// The least memory seen over a stretch of requests: what is in use only while requests are worked on is left out.
struct LeakPoint {
  std::uint64_t requests = 0;
  std::uint64_t memory = 0;
};
// Begins as it is; belongs to one process.
struct LeakState {
  std::vector<LeakPoint> points;  // oldest first, at most LeakPolicy::points
  bool open = false;              // a point is being gathered
  SteadyTime since;
  std::uint64_t requests = 0;
  std::uint64_t least = 0;
};
// `requests`: finished by this process.
LeakState note_memory(LeakState state, std::uint64_t requests, std::uint64_t memory, SteadyTime now,
                      const LeakPolicy& policy);
struct LeakVerdict {
  bool leaks = false;
  double bytes_per_request = 0;  // Theil and Sen: the median of the slopes between all pairs of points
  std::uint64_t grown = 0;       // bytes, from the first points to the last
};
LeakVerdict judge_leak(const std::vector<LeakPoint>& points, const LeakPolicy& policy);

}  // namespace hearth::engines
