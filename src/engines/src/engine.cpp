#include "engine.h"

#include "engine_parts.h"

#include <hearth/core/log.h>
#include <hearth/core/units.h>

#include <fmt/format.h>

#include <utility>

namespace hearth::engines {
namespace {

log::Level level_of(State from, State to) {
  if (to == State::failing || to == State::backoff || to == State::quarantined) return log::Level::warn;
  if (to == State::ready || (from == State::draining && to == State::stopped)) return log::Level::info;
  return log::Level::debug;
}

}  // namespace

Engine::Engine(net::Executor executor, const EngineSpec& spec, const SupervisorOptions& options)
    : spec_(spec),
      options_(options),
      terms_(make_terms(spec, options)),
      policy_(options.policy),
      containment_(options.sandbox == SandboxMode::off ? without_sandbox(options.containment) : options.containment),
      room_(fmt::format("engines.{}", manifest_.name)),
      executor_(executor),
      random_(std::random_device()()),
      gone_(executor),
      timer_(executor),
      tasks_(executor) {
  gone_.set();
  if (!terms_.obstacle.empty()) {
    machine_.state = State::absent;
    last_error_ = terms_.obstacle;
  }
  published_->update([&](EngineStatus& status, pid_t&) {
    status.name = manifest_.name;
    status.title = manifest_.title;
    for (const Model& model : manifest_.models) {
      if (std::ranges::find(status.models, model.id) == status.models.end()) status.models.push_back(model.id);
      const std::string task(to_string(model.task));
      if (std::ranges::find(status.tasks, task) == status.tasks.end()) status.tasks.push_back(task);
    }
    status.slots = terms_.slots;
    status.queue_limit = terms_.queue;
  });
  publish();
}

Engine::~Engine() = default;

void Engine::open(net::BlockingPool& pool, MemoryDesk& desk) {
  pool_ = &pool;
  desk_ = &desk;
  learned_ = desk.learned(manifest_.name);
  publish();
  if (machine_.state == State::absent && terms_.obstacle.find("switched off") == std::string::npos)
    log::warn(room_, "cannot run here", {{"why", terms_.obstacle}});
  tasks_.spawn("engine timer", run_timer());
}

net::awaitable<void> Engine::stop(Deadline deadline) {
  const auto self = shared_from_this();
  dispatch(Event::close);
  poke();
  const auto drained = co_await gone_.wait(deadline);
  if (!drained) dispatch(Event::close);  // again: now
  while (!gone_.is_set()) {
    co_await gone_.wait();
  }
  co_await tasks_.stop();
}

net::awaitable<Result<void>> Engine::reconsider() {
  const auto self = shared_from_this();
  auto look = [self]() -> Result<Terms> { return make_terms(self->spec_, self->options_); };
  auto terms = co_await pool_->run(std::move(look));
  if (!terms) co_return fail(terms.error());
  terms_.plan = std::move(terms->plan);
  terms_.containment = std::move(terms->containment);
  terms_.obstacle = std::move(terms->obstacle);
  const bool was_absent = machine_.state == State::absent;
  note_obstacle(was_absent);
  co_return Result<void>();
}

void Engine::hold(const std::string& why) {
  const bool was_absent = machine_.state == State::absent;
  held_ = why;
  note_obstacle(was_absent);
}

void Engine::note_obstacle(bool was_absent) {
  dispatch(obstacle().empty() ? Event::appeared : Event::vanished);
  if (machine_.state == State::absent) last_error_ = obstacle();
  if (was_absent && machine_.state != State::absent) last_error_.clear();
  poke();  // those who wait are told why
  publish();
}

void Engine::wake() {
  dispatch(Event::demand);
}

// ── Events

void Engine::dispatch(Event event) {
  events_.push_back(event);
  if (std::exchange(stepping_, true)) return;  // an action of the step under way caused it: its turn comes
  while (!events_.empty()) {
    const Event first = events_.front();
    events_.pop_front();
    take_step(first);
  }
  stepping_ = false;
}

void Engine::take_step(Event event) {
  const State from = machine_.state;
  const double random = std::uniform_real_distribution<double>(0, 1)(random_);
  Step step = next(std::move(machine_), event, policy_, terms_.lifetimes, steady_now(), random);
  machine_ = std::move(step.machine);
  if (machine_.state != from) note_state(from, event);
  for (const Action action : step.actions) carry_out(action);
  if (machine_.timer && *machine_.timer < armed_) timer_.cancel();  // run_timer() looks anew
  if (machine_.state != from) {
    if (options_.on_state) options_.on_state(manifest_.name, from, event, machine_.state);
    if (!held_.empty()) note_held();
    note_hold();
    publish();
    poke();
  }
}

// What ends while it is held does not start again.
void Engine::note_held() {
  if (machine_.state == State::absent) last_error_ = held_;
  if (machine_.state == State::stopped || machine_.state == State::backoff || machine_.state == State::quarantined)
    dispatch(Event::vanished);
}

void Engine::note_state(State from, Event event) {
  const State to = machine_.state;
  if (from == State::ready) not_ready_since_ = steady_now();
  if (to == State::ready) {
    begin_health();
    start_time_ = life_start_ = std::chrono::ceil<Millis>(steady_now() - started_);
  }
  if (to == State::failing) {
    if (event == Event::timer && process_error_.empty())
      process_error_ = fmt::format("was not ready within {}", format_duration(manifest_.start_deadline));
    if (event == Event::healthy) process_error_ = fmt::format("failed {} requests in a row", policy_.strikes);
    if (event == Event::unresponsive) process_error_ = "did not answer GET /health any more";
  }
  const log::Level level = level_of(from, to);
  if (!log::enabled(level)) return;
  if (to == State::ready) {
    log::write(level, room_, "ready", {{"seconds", seconds_between(started_, steady_now())}});
  } else if (level == log::Level::warn && !last_error_.empty()) {
    log::write(level, room_, to_string(to),
               {{"from", to_string(from)}, {"on", to_string(event)}, {"error", last_error_}});
  } else {
    log::write(level, room_, to_string(to), {{"from", to_string(from)}, {"on", to_string(event)}});
  }
}

void Engine::carry_out(Action action) {
  switch (action) {
    case Action::reserve:
      desk_->changed();
      break;
    case Action::spawn:
      ++generation_;
      abort_start_ = false;
      process_error_.clear();
      started_ = not_ready_since_ = steady_now();
      gone_.reset();
      tasks_.spawn("engine process", run_process(generation_));
      break;
    case Action::probe:
      tasks_.spawn("engine probe", probe(generation_));
      break;
    case Action::serve:
      serve();
      break;
    case Action::check_health:
      if (!std::exchange(checking_health_, true)) tasks_.spawn("engine health", check_health(generation_));
      break;
    case Action::ask_canary:
      doubt();
      break;
    case Action::terminate:
      process_ ? process_->terminate() : static_cast<void>(abort_start_ = true);
      break;
    case Action::kill:
      process_ ? process_->kill() : static_cast<void>(abort_start_ = true);
      break;
    case Action::refuse:
      poke();
      break;
  }
}

net::awaitable<void> Engine::run_timer() {
  for (;;) {
    armed_ = machine_.timer.value_or(SteadyTime::max());
    timer_.expires_at(armed_);
    co_await timer_.async_wait(kTuple);
    armed_ = SteadyTime::max();
    const bool told_to_stop = co_await net::is_cancelled();
    if (told_to_stop) co_return;
    if (machine_.timer && steady_now() >= *machine_.timer) dispatch(Event::timer);
  }
}

void Engine::publish() {
  const pid_t root = process_ ? process_->pid() : 0;
  const pid_t program = process_ ? process_->program_pid() : 0;
  published_->update([&](EngineStatus& status, pid_t& published_root) {
    if (root != 0 && published_root != root) status.started_at = wall_now();
    if (root == 0) status.started_at.reset();
    published_root = root;
    status.state = machine_.state;
    status.pid = program;
    status.restarts = machine_.restarts;
    status.containment = containment_now();
    status.memory_limit = group_ ? group_->limits().memory_max : 0;
    status.memory_stalled = stalled_;
    status.pack = terms_.plan.pack ? terms_.plan.pack->id : std::string();
    status.stalls = stalls_;
    status.recycles = recycles_;
    status.last_error = last_error_;
    status.why = rests_because();
    status.reserved = reservation_for(terms_.memory, learned());
    if (start_time_ > Millis(0)) status.last_start_seconds = std::chrono::duration<double>(start_time_).count();
  });
}

// ── What a person asks for

net::awaitable<Result<void>> Engine::person_start(Deadline deadline) {
  const auto self = shared_from_this();
  if (machine_.state == State::absent) co_return fail(cannot_run());
  if (machine_.state == State::ready) co_return Result<void>();
  dispatch(Event::person_start);
  co_return co_await wait_ready(0, deadline);
}

net::awaitable<Result<void>> Engine::person_restart(Deadline deadline) {
  const auto self = shared_from_this();
  if (machine_.state == State::absent) co_return fail(cannot_run());
  const std::uint64_t before = generation_;
  dispatch(Event::person_restart);
  co_return co_await wait_ready(before, deadline);
}

net::awaitable<Result<void>> Engine::person_stop(Deadline deadline) {
  const auto self = shared_from_this();
  if (machine_.state == State::absent) co_return Result<void>();
  const std::uint64_t life = generation_;
  dispatch(Event::person_stop);
  while (generation_ == life && !gone_.is_set()) {
    const auto waited = co_await gone_.wait(deadline);
    if (!waited) co_return fail(waited.error());
  }
  co_return Result<void>();
}

}  // namespace hearth::engines
