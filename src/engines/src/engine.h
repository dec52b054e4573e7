// One engine: its machine (decisions.h), its process, and those who wait for it. Belongs to the supervisor's executor.
#pragma once

#include "launch.h"
#include "published.h"

#include <hearth/engines/process.h>
#include <hearth/engines/supervisor.h>

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <list>
#include <memory>
#include <random>
#include <string>

namespace hearth::engines {

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  Engine(net::Executor executor, const EngineSpec& spec, const SupervisorOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Before anything else. `pool` outlives the engine's stop().
  void open(net::BlockingPool& pool);
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

  [[nodiscard]] const std::string& name() const noexcept { return manifest_.name; }
  [[nodiscard]] const std::shared_ptr<Published>& published() const noexcept { return published_; }
  [[nodiscard]] const Terms& terms() const noexcept { return terms_; }
  [[nodiscard]] const std::string& pack() const noexcept { return manifest_.pack; }

 private:
  struct Waiter;
  struct Connection;  // to one process's socket

  void dispatch(Event event);
  void take_step(Event event);
  void carry_out(Action action);
  void note_state(State from, Event event);
  void publish();

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

  // Waiting.
  [[nodiscard]] Load load() const;
  void serve();
  void poke();  // all who wait look again
  void set_queued();
  net::awaitable<Result<std::uint64_t>> wait_place(Deadline deadline, Priority priority);
  net::awaitable<Result<void>> wait_ready(std::uint64_t after, Deadline deadline);
  [[nodiscard]] Deadline patience(const Waiter& waiter) const;
  [[nodiscard]] std::optional<Error> hopeless(const Waiter& waiter) const;
  [[nodiscard]] Error cannot_run() const;
  [[nodiscard]] Error not_available(std::string_view what) const;

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
  std::string process_error_;  // what the coming exit is to be explained with
  Millis service_time_{0};
  Millis start_time_{0};

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
