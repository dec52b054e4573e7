// Who may have how much memory: one ledger in bytes, and pure decisions over it. No clock, no process: those are
// inputs. The supervisor fills the ledger, asks, and carries the answers out.
//
// What holds whatever happens:
// * An engine starts only when its reservation fits beside what all others hold, so the sum stays within the budget (an
//   engine that grows past its reservation is counted with what it really uses, and others leave for it).
// * Nothing leaves that has work in flight, or is pinned, or whose leaving does not make the room that is needed. So
//   there is no "evict all": a set of victims is as small as it can be.
// * A part of the budget is kept for interactive tasks. Others can neither take it nor push out what lives in it.
// * Who waits longest is served first within its class; what is set free for it is not given to another. An engine that
//   is busy without a pause lets one who has waited for `turn_time` have a turn: it takes no new requests, and leaves
//   when those in flight have ended.
#pragma once

#include <hearth/core/clock.h>

#include <cstdint>
#include <string>
#include <vector>

namespace hearth::engines {

enum class Lane {
  interactive,  // a person listens or speaks meanwhile: speech, transcription, and media for them
  open,
};

enum class Hold {
  none,      // no process, and nobody wants one
  wanted,    // it is to start as soon as its reservation fits
  loading,   // it has its reservation and starts
  resident,  // ready
  leaving,   // it ends: what it holds comes back soon
};

struct LedgerEntry {
  std::string name;
  std::uint64_t reservation = 0;  // bytes set aside for it, from before its process starts until it is reaped
  std::uint64_t measured = 0;     // bytes its processes use now; 0: not measured yet
  Hold hold = Hold::none;
  std::uint32_t in_flight = 0;
  std::uint32_t waiting = 0;  // requests that wait for it
  bool urgent = false;        // an interactive request is among those that wait
  bool pinned = false;        // never leaves for others (keep_warm)
  bool yielding = false;      // it takes no new requests: another's turn is due
  Lane lane = Lane::open;
  SteadyTime since;     // when this hold began
  SteadyTime last_use;  // when a request last came or ended
  Millis reload_time{0};
  double rate = 0;  // requests a second, lately
};

struct Ledger {
  std::uint64_t budget = 0;               // bytes, for all engines together
  std::uint64_t short_by = 0;             // of these, what programs outside hold at present (see effective_budget)
  std::uint64_t interactive_reserve = 0;  // of these, what Lane::open may not take
  std::vector<LedgerEntry> entries;       // names are unique
};

struct LedgerPolicy {
  Millis turn_time{5'000};        // who has waited so long gets a turn; who is resident for less need not go for it
  Millis reuse_horizon{600'000};  // how far ahead "will it be used again" looks
};

// What an entry counts for in the budget: the greater of its reservation and what was measured, while there is a
// process or one was promised.
std::uint64_t held(const LedgerEntry& entry) noexcept;
std::uint64_t total_held(const Ledger& ledger) noexcept;
// Idle, resident and not pinned.
bool may_leave(const LedgerEntry& entry) noexcept;
// Expected seconds of reloading that its leaving costs: reload time × probability that it is asked for within the
// horizon.
double reload_cost(const LedgerEntry& entry, const LedgerPolicy& policy) noexcept;

enum class StartVerdict {
  start,   // there is room
  evict,   // there will be when the victims have left
  wait,    // for memory that is on its way back, or for requests to end
  refuse,  // it cannot fit, whoever leaves
};
struct StartPlan {
  StartVerdict verdict = StartVerdict::wait;
  std::vector<std::string> victims;  // evict: all of them are needed, and together they suffice
  std::vector<std::string> yield;    // wait: who should take no new requests
  bool coming = false;               // wait: what is on its way back suffices
  std::string reason;                // in words, for wait and refuse
};
// May the entry `name`, which is wanted, start?
StartPlan plan_start(const Ledger& ledger, const std::string& name, const LedgerPolicy& policy, SteadyTime now);

// The same for all that are wanted, in the order in which they are due.
struct Plan {
  struct Reason {
    std::string name;
    std::string why;
  };
  std::vector<std::string> start;
  std::vector<std::string> evict;
  std::vector<std::string> yield;  // everybody else does not (any more)
  std::vector<Reason> waiting;
  std::vector<Reason> refused;
};
Plan plan_starts(const Ledger& ledger, const LedgerPolicy& policy, SteadyTime now);

// What the machine says about memory at large.
struct Outside {
  std::uint64_t total = 0;
  std::uint64_t available = 0;  // without swapping
  std::uint64_t floor = 0;      // so much is to stay available
  double stalled_some = 0;      // PSI avg10, percent of time in which some task waits for memory; 0: not readable
  double stalled_full = 0;      // … in which all do
};
// Bytes that should become free for the machine to be at ease; 0: it is.
std::uint64_t pressure(const Outside& outside) noexcept;
// Who should leave because others outside need the memory, or because engines grew past the budget: idle ones, the
// interactive lane last. May be less than needed when the rest is busy or pinned, but each of them frees something.
std::vector<std::string> plan_shrink(const Ledger& ledger, const Outside& outside, const LedgerPolicy& policy);
// The budget that is really there: what engines use now and what is available above the floor, at most `budget`.
std::uint64_t effective_budget(std::uint64_t budget, std::uint64_t measured, const Outside& outside) noexcept;

// What stays with the system, and what engines may have of a machine (or container) with `total` bytes.
std::uint64_t system_floor(std::uint64_t total) noexcept;
std::uint64_t default_budget(std::uint64_t total) noexcept;

// What an engine has shown to need, over all its lives. Kept on disk by the supervisor.
struct Learned {
  std::uint64_t peak = 0;      // bytes
  std::uint64_t requests = 0;  // served while it was measured
  Millis reload_time{0};
  friend bool operator==(const Learned&, const Learned&) = default;
};
// Bytes to set aside. `estimate`: what its manifest says; holds until enough requests were measured.
std::uint64_t reservation_for(std::uint64_t estimate, const Learned& learned) noexcept;
// After a life with this peak: up at once, down slowly.
Learned learn(Learned before, std::uint64_t life_peak, std::uint64_t requests, Millis reload_time) noexcept;

}  // namespace hearth::engines
