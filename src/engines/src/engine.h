// One engine: its machine (decisions.h), its process, and those who wait for it. Belongs to the supervisor's executor.
#pragma once

#include "launch.h"
#include "memory_desk.h"
#include "pace.h"
#include "published.h"

#include <hearth/engines/control_groups.h>
#include <hearth/engines/process.h>
#include <hearth/engines/supervisor.h>

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <list>
#include <memory>
#include <random>
#include <string>

namespace hearth::engines {

// What was seen of an engine's process tree.
struct ProcessSample {
  std::uint64_t memory = 0;  // bytes (PSS)
  double cpu_seconds = 0;
  double waited_seconds = 0;  // for a processor
  std::uint64_t major_faults = 0;
  double stalled = 0;  // percent of the last ten seconds that all of it waited for memory
};

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  Engine(net::Executor executor, const EngineSpec& spec, const SupervisorOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Before anything else. `pool` and `desk` outlive the engine's stop().
  void open(net::BlockingPool& pool, MemoryDesk& desk);
  // Lets requests in flight end until `deadline`; returns when the process is reaped and nothing runs any more.
  net::awaitable<void> stop(Deadline deadline);

  net::awaitable<Result<Lease>> acquire(Deadline deadline, Priority priority);
  void release(std::uint64_t generation, Outcome outcome, SteadyTime since) noexcept;
  [[nodiscard]] Seconds retry_after() const;

  net::awaitable<Result<void>> person_start(Deadline deadline);
  net::awaitable<Result<void>> person_stop(Deadline deadline);
  net::awaitable<Result<void>> person_restart(Deadline deadline);
  // keep_warm at the daemon's start.
  void wake();
  // Looks anew whether it can run here.
  net::awaitable<Result<void>> reconsider();
  // It cannot run because of `why`, until it is called again; empty: it can.
  void hold(const std::string& why);

  [[nodiscard]] const std::string& name() const noexcept { return manifest_.name; }
  [[nodiscard]] State state() const noexcept { return machine_.state; }
  // stop() was called.
  [[nodiscard]] bool closing() const noexcept { return machine_.closing; }
  [[nodiscard]] const std::shared_ptr<Published>& published() const noexcept { return published_; }
  [[nodiscard]] const Terms& terms() const noexcept { return terms_; }
  [[nodiscard]] const std::string& pack() const noexcept { return manifest_.pack; }
  [[nodiscard]] std::filesystem::path program_in_pack() const {
    return manifest_.program_in_pack ? manifest_.program : std::filesystem::path();
  }

  // ── Memory: what the desk asks, and what it says.
  [[nodiscard]] LedgerEntry ledger_entry(SteadyTime now) const;
  [[nodiscard]] Learned learned() const;  // the life under way included
  [[nodiscard]] bool can_run() const noexcept { return machine_.state != State::absent; }
  [[nodiscard]] bool has_process() const noexcept { return !gone_.is_set(); }
  void grant();
  void call_off();                             // nobody waits for the start, and it is not worth waiting for
  void refuse_memory(const std::string& why);  // it does not fit, whoever leaves
  void note_memory_wait(const std::string& why);
  void evict();
  // While it yields it takes no new requests, so that those in flight can be the last.
  void set_yielding(bool yielding);

  // What is to be looked at now; nullopt: nothing.
  struct Watch {
    std::uint64_t generation = 0;
    pid_t root = 0;
    bool memory = false;
    bool work = false;
    std::shared_ptr<const ControlGroup> group = nullptr;
  };
  [[nodiscard]] std::optional<Watch> watch(SteadyTime now) const;
  void note_sample(const Watch& watch, const ProcessSample& sample, SteadyTime now);
  // What is due by time: the canary, a fresh process.
  void mind(SteadyTime now);

 private:
  struct Waiter;
  struct Connection;  // to one process's socket

  void dispatch(Event event);
  void take_step(Event event);
  void carry_out(Action action);
  void note_state(State from, Event event);
  void publish();
  void note_hold();
  void note_obstacle(bool was_absent);
  void note_held();
  [[nodiscard]] std::string rests_because() const;
  void count_use(SteadyTime now);
  void end_life();
  void begin_health();
  void judge_work(const ProcessSample& sample, SteadyTime now);
  void judge_progress(const Progress& progress, SteadyTime now);
  void judge_hearing(const Progress& progress, SteadyTime now);
  void mind_hearing(SteadyTime now);
  void replace_stalled(std::string why);
  void judge_memory(SteadyTime now);
  [[nodiscard]] bool holds_back() const;
  void recycle_if_idle();
  void want_fresh_process(SteadyTime now);
  void doubt();
  net::awaitable<void> ask_canary_again(std::uint64_t generation);
  net::awaitable<void> ask_on_new_connection(std::uint64_t generation);

  // Coroutines of one process's life. `generation` tells whether it is still that life.
  net::awaitable<void> run_process(std::uint64_t generation);
  net::awaitable<Result<void>> start_process();
  net::awaitable<void> wait_for_socket(std::uint64_t generation);
  net::awaitable<void> probe(std::uint64_t generation);
  net::awaitable<Result<void>> ask_canary(Deadline deadline);
  net::awaitable<void> check_health(std::uint64_t generation);
  net::awaitable<void> run_timer();
  [[nodiscard]] Result<std::shared_ptr<Connection>> connect() const;
  [[nodiscard]] bool lives(std::uint64_t generation) const { return generation == generation_ && process_; }
  void describe_end(const ExitStatus& status);
  void limit_processes();
  net::awaitable<void> leave_group();
  [[nodiscard]] std::string containment_now() const;

  // Waiting.
  [[nodiscard]] Load load() const;
  void serve();
  void poke();  // all who wait look again
  void set_queued();
  net::awaitable<Result<std::uint64_t>> wait_place(Deadline deadline, Priority priority);
  net::awaitable<Result<void>> wait_ready(std::uint64_t after, Deadline deadline);
  [[nodiscard]] Deadline patience(const Waiter& waiter) const;
  [[nodiscard]] std::optional<Error> hopeless(const Waiter& waiter) const;
  [[nodiscard]] const std::string& obstacle() const { return held_.empty() ? terms_.obstacle : held_; }
  [[nodiscard]] Error cannot_run() const;
  [[nodiscard]] Error not_available(std::string_view what) const;
  [[nodiscard]] Error no_memory_yet() const;

  const EngineSpec spec_;
  const SupervisorOptions options_;
  const Manifest& manifest_ = spec_.manifest;
  Terms terms_;  // slots, queue and lifetimes never change; the rest is made anew when packs change
  const Policy policy_;
  const Containment containment_;
  const std::string room_;
  net::Executor executor_;
  net::BlockingPool* pool_ = nullptr;
  std::shared_ptr<Published> published_ = std::make_shared<Published>();
  std::minstd_rand random_;

  Machine machine_;
  std::deque<Event> events_;
  bool stepping_ = false;
  std::uint64_t generation_ = 0;  // grows with each start
  std::uint64_t failures_ = 0;    // lives that ended badly, ever
  SteadyTime not_ready_since_;
  SteadyTime started_;        // of the current life
  bool abort_start_ = false;  // told to end before there was a process
  bool checking_health_ = false;
  std::string last_error_;
  std::string held_;           // hold()
  std::string process_error_;  // what the coming exit is to be explained with
  Millis service_time_{0};
  Pace pace_{steady_now()};
  Millis start_time_{0};

  // Memory.
  MemoryDesk* desk_ = nullptr;
  Learned learned_;              // before this life
  std::uint64_t life_peak_ = 0;  // bytes, of this life
  std::uint64_t life_served_ = 0;
  Millis life_start_{0};        // from spawn to ready; 0: not yet
  std::uint64_t measured_ = 0;  // bytes, as last seen
  SteadyTime measured_at_;
  bool used_since_measured_ = false;
  bool yielding_ = false;
  Hold hold_ = Hold::none;
  SteadyTime hold_since_;
  SteadyTime last_use_;
  double recent_uses_ = 0;  // requests, counted less the longer ago
  // Health, of this life.
  StallState stall_;
  HearingState hearing_;
  bool asking_hearing_ = false;
  bool hard_of_hearing_ = false;  // nothing more is sent to it
  SteadyTime heard_at_;
  LeakState leak_;
  std::uint64_t life_finished_ = 0;  // requests, whatever their end
  bool recycle_due_ = false;
  SteadyTime recycle_since_;
  SteadyTime canary_right_;
  bool asking_canary_ = false;
  bool exhausted_ = false;      // the last request was more than it has memory for
  std::uint32_t stalls_ = 0;    // ever
  std::uint32_t recycles_ = 0;  // ever

  std::string memory_wait_;     // why it waits for memory
  std::uint64_t refusals_ = 0;  // of its memory, ever

  std::shared_ptr<const ControlGroup> group_;  // of this life; none where none are delegated
  bool group_refused_ = false;                 // this life goes without, for one could not be made
  double stalled_ = 0;                         // ProcessSample::stalled, as last seen
  std::unique_ptr<Process> process_;
  std::shared_ptr<Connection> connection_;  // set while probing and ready
  std::list<Waiter*> interactive_;
  std::list<Waiter*> batch_;
  std::list<Waiter*> watchers_;  // want it ready, take no place
  net::Event gone_;              // no process and none being started
  boost::asio::steady_timer timer_;
  SteadyTime armed_ = SteadyTime::max();
  net::TaskGroup tasks_;
};

}  // namespace hearth::engines
