// The owner of all engine processes: starts them when somebody asks, probes, limits, restarts and stops them.
//
// Belongs to one executor, whose thread must outlive every engine (children end with the thread that started them). Its
// functions are called on that thread, except snapshot(). It maps names to processes and knows nothing of what engines
// do.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/engines/decisions.h>
#include <hearth/engines/ledger.h>
#include <hearth/engines/manifest.h>
#include <hearth/engines/sandbox.h>
#include <hearth/net/client.h>
#include <hearth/net/runtime.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hearth::engines {

// What a person set for one engine; what is not set comes from its manifest.
struct EngineSettings {
  bool enabled = true;
  bool keep_warm = false;
  std::optional<std::uint32_t> threads = std::nullopt;
  std::optional<std::uint32_t> concurrency = std::nullopt;
  std::optional<std::uint32_t> queue = std::nullopt;
  std::optional<std::uint64_t> memory = std::nullopt;
  std::optional<Millis> idle_stop = std::nullopt;
};

struct EngineSpec {
  Manifest manifest;
  EngineSettings settings;
  std::optional<std::uint32_t> threads = std::nullopt;  // as planned; a person's setting wins
  // Before each start, on the pool: an error is why it cannot start now. Must not throw.
  std::function<Result<void>()> check = nullptr;
};

struct SupervisorOptions {
  std::filesystem::path runtime;  // socket folders go to <runtime>/engines, scratch folders to <runtime>/scratch
  std::filesystem::path packs;    // the pack store: <data>/packs; empty: no packs
  SandboxMode sandbox = SandboxMode::required;
  Containment containment;
  std::uint32_t cpus = 1;  // usable ones: `concurrency: cores`, and the default of --threads
  Policy policy;
  LedgerPolicy ledger;
  std::uint64_t memory_budget = 0;  // bytes for all engines together; 0: default_budget() of this machine
  std::optional<std::uint64_t> memory_floor = std::nullopt;  // bytes that are to stay available on the machine
  std::filesystem::path proc = "/proc";  // where meminfo and pressure/memory are; tests have their own
  std::filesystem::path learned_file;    // where what engines were seen to need outlives the daemon; empty: nowhere
  // Told of each change of state, on the supervisor's executor, in the middle of it: must not call the supervisor.
  std::function<void(const std::string& engine, State from, Event on, State to)> on_state = nullptr;
};

// All engines together, in bytes.
struct MemoryStatus {
  std::uint64_t budget = 0;
  std::uint64_t usable = 0;               // of the budget, what other programs leave at present
  std::uint64_t interactive_reserve = 0;  // of the budget, what only speech, transcription and media may take
  std::uint64_t reserved = 0;             // set aside for engines that run or start
  std::uint64_t measured = 0;             // what they use (PSS), as last seen
  std::uint64_t evictions = 0;            // engines that left for others' sake, since the daemon started
};

struct EngineStatus {
  std::string name;
  std::string title;
  State state = State::stopped;
  std::vector<std::string> tasks;
  std::vector<std::string> models;
  std::int64_t pid = 0;            // the engine's own process; 0: none
  std::uint64_t memory = 0;        // bytes (PSS) of its process tree, the sandbox included
  std::uint64_t reserved = 0;      // bytes set aside for it; what it would take when it does not run
  std::uint64_t memory_limit = 0;  // bytes its control group may use; 0: it has none
  double memory_stalled = 0;       // percent of the last ten seconds in which all of it waited for memory (PSI)
  std::optional<WallTime> started_at = std::nullopt;
  std::uint32_t restarts = 0;  // since the daemon started, after failures
  std::uint32_t stalls = 0;    // times it was replaced because a request made no progress, since the daemon started
  std::uint32_t recycles = 0;  // fresh processes because it used more and more memory, since the daemon started
  std::uint32_t in_flight = 0;
  std::uint32_t queued = 0;
  std::uint64_t served = 0;
  std::uint64_t failed = 0;
  std::uint32_t slots = 1;  // requests it works on at once
  std::uint32_t queue_limit = 0;
  double request_seconds = 0;                     // of a request that it works on alone; 0: not known yet
  std::optional<double> activity = std::nullopt;  // the part of the time in which it had work, 0 to 1
  double last_start_seconds = 0;                  // from spawn to ready; 0: not yet
  std::string containment;
  std::string pack;        // the version of its pack that it was last started in; empty: none
  std::string last_error;  // in words; empty: none
  std::string why;         // what keeps it in this state, in words: memory it waits for, a quarantine; empty: nothing
};

enum class Priority { interactive, batch };

enum class Outcome {
  ok,         // it answered (an error about the input is an answer)
  error,      // it answered, but with an error of its own (5xx)
  exhausted,  // it answered that its memory does not suffice
  failed,     // it broke the connection or the protocol, or answered what nobody can read
  timed_out,  // no answer by the deadline
  cancelled,  // the client left, or the request was given up for a reason that is not the engine's
};

// A place in an engine, for one request. Movable; must not outlive the supervisor's stop(). When it goes without
// finish(), that counts as cancelled.
class Lease {
 public:
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&&) noexcept;
  ~Lease();
  // Speaks to the process that was ready when the lease was given, and to no later one.
  [[nodiscard]] net::HttpClient& client() const noexcept;
  // The request's deadline: the caller's, or the manifest's request_deadline if that is sooner.
  [[nodiscard]] Deadline deadline() const noexcept;
  // Gives the place back. Only the first call counts.
  void finish(Outcome outcome) noexcept;

  struct Impl;
  explicit Lease(std::unique_ptr<Impl> impl) noexcept;

 private:
  std::unique_ptr<Impl> impl_;
};

class Supervisor {
 public:
  Supervisor(net::Executor executor, SupervisorOptions options, std::vector<EngineSpec> engines);
  ~Supervisor();  // after stop()
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Makes the folders, throws away what an earlier life left in them, starts what is to be kept warm (without waiting
  // for it). Blocking work runs on `pool`, which must outlive this. io_error with the folder's name.
  net::awaitable<Result<void>> start(net::BlockingPool& pool);
  // Nothing new is let in; requests in flight may end until `deadline`, and a second later every engine has been ended
  // and reaped.
  net::awaitable<void> stop(Deadline deadline);

  // An engine more, from now on. After start(). already_exists, unavailable (stop() was called).
  Result<void> add(EngineSpec engine);
  // One less: nobody is let in any more, requests in flight may end until `deadline`; returns when its process is
  // reaped. not_found.
  net::awaitable<Result<void>> remove(std::string engine, Deadline deadline);

  // Waits for the engine to be ready and for a place in it. not_found (no such engine), failed_precondition (it cannot
  // run here: the message says why and what to do), resource_exhausted (too many wait, or the wait took too long),
  // unavailable (it failed and rests), cancelled.
  net::awaitable<Result<Lease>> acquire(std::string engine, Deadline deadline,
                                        Priority priority = Priority::interactive);
  // For Retry-After when acquire() said resource_exhausted or unavailable.
  [[nodiscard]] Seconds retry_after(std::string_view engine) const;
  [[nodiscard]] bool knows(std::string_view engine) const;
  // nullopt: there is no such engine.
  [[nodiscard]] std::optional<State> state(std::string_view engine) const;

  // What a person asks for. They return when it is done: ready, stopped. A stopped engine starts again with the next
  // request for it. not_found (also: removed meanwhile), failed_precondition, unavailable, deadline_exceeded,
  // cancelled.
  net::awaitable<Result<void>> start_engine(std::string engine, Deadline deadline);
  net::awaitable<Result<void>> stop_engine(std::string engine, Deadline deadline);
  net::awaitable<Result<void>> restart_engine(std::string engine, Deadline deadline);

  // Packs were installed, switched or removed: engines that could not run for want of one may run now, those whose pack
  // is gone and which are at rest cannot any more. Running ones are left alone: restart_engine() moves them. cancelled,
  // resource_exhausted.
  net::awaitable<Result<void>> reconsider();
  // Why an engine cannot run until further notice; empty: it can again. One that runs goes on, and is not started
  // again when it ends. not_found.
  Result<void> hold(std::string_view engine, const std::string& why);
  // The engines whose manifest names this pack.
  [[nodiscard]] std::vector<std::string> engines_of_pack(std::string_view pack) const;

  // The packs that manifests name, with the programs that are wanted of each (paths inside it).
  [[nodiscard]] std::map<std::string, std::set<std::filesystem::path>> packs() const;

  // Any thread. Memory is read from /proc by the caller, at most once a second (well under a millisecond a process).
  [[nodiscard]] std::vector<EngineStatus> snapshot() const;
  // Any thread.
  [[nodiscard]] MemoryStatus memory() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace hearth::engines
