// Engine: places, and those who wait for one.
#include "engine_parts.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace hearth::engines {
namespace {

constexpr std::uint64_t kPatientFailures = 3;  // a request sees so many failed starts before it is told
constexpr Millis kSlack{500};  // past the start's deadline: the machine's own verdict says more than ours

}  // namespace

// ── Lease

struct Lease::Impl {
  Impl(std::shared_ptr<Engine> e, std::shared_ptr<void> k, net::HttpClient* c, Deadline d, std::uint64_t g)
      : engine(std::move(e)), keep(std::move(k)), client(c), deadline(d), generation(g), since(steady_now()) {}
  std::shared_ptr<Engine> engine;
  std::shared_ptr<void> keep;  // the connection that `client` is part of
  net::HttpClient* client;
  Deadline deadline;
  std::uint64_t generation;
  SteadyTime since;
  bool finished = false;
};

Lease::Lease(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Lease::Lease(Lease&&) noexcept = default;
Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    finish(Outcome::cancelled);
    impl_ = std::move(other.impl_);
  }
  return *this;
}
Lease::~Lease() {
  finish(Outcome::cancelled);
}
net::HttpClient& Lease::client() const noexcept {
  return *impl_->client;
}
Deadline Lease::deadline() const noexcept {
  return impl_->deadline;
}
void Lease::finish(Outcome outcome) noexcept {
  if (!impl_ || std::exchange(impl_->finished, true)) return;
  impl_->engine->release(impl_->generation, outcome, impl_->since);
}

namespace {

Event event_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return Event::request_ok;
    case Outcome::error:
    case Outcome::exhausted:
      return Event::request_error;
    case Outcome::failed:
    case Outcome::timed_out:
      return Event::request_failed;
    case Outcome::cancelled:
      break;
  }
  return Event::request_dropped;
}

}  // namespace

void Engine::release(std::uint64_t generation, Outcome outcome, SteadyTime since) noexcept {
  if (outcome == Outcome::ok) ++published_->served;
  if (outcome != Outcome::ok && outcome != Outcome::cancelled) ++published_->failed;
  if (outcome == Outcome::ok) {
    const auto took = std::chrono::ceil<Millis>(steady_now() - since);
    service_time_ = service_time_ == Millis(0) ? took : (service_time_ * 7 + took) / 8;
  }
  const SteadyTime now = steady_now();
  pace_.ended(now, outcome == Outcome::ok);
  published_->request_seconds = pace_.seconds().value_or(0);
  published_->activity = pace_.activity(now).value_or(-1);
  if (generation != generation_ || machine_.in_flight == 0) return;  // its process is gone, and its place with it
  --machine_.in_flight;
  published_->in_flight = machine_.in_flight;
  ++life_finished_;
  if (outcome == Outcome::ok) ++life_served_;
  exhausted_ = outcome == Outcome::exhausted;
  last_use_ = now;
  used_since_measured_ = true;
  if (machine_.in_flight == 0 && desk_->somebody_waits()) desk_->changed();
  dispatch(event_of(outcome));
  recycle_if_idle();
}

// ── Waiting

Engine::Waiter::Waiter(Engine& e, std::list<Waiter*>& l)
    : engine(e),
      list(l),
      place(l.insert(l.end(), this)),
      since(steady_now()),
      failures(e.failures_),
      refusals(e.refusals_),
      event(e.executor_) {
  ++engine.machine_.waiting;
  engine.set_queued();
}

Engine::Waiter::~Waiter() {
  leave();
}

void Engine::Waiter::leave() {
  if (!std::exchange(listed, false)) return;
  list.erase(place);
  --engine.machine_.waiting;
  engine.set_queued();
  if (engine.machine_.state == State::reserving && engine.machine_.waiting == 0) engine.dispatch(Event::deserted);
}

void Engine::set_queued() {
  published_->queued = static_cast<std::uint32_t>(interactive_.size() + batch_.size());
}

Load Engine::load() const {
  Load load;
  load.state = machine_.state;
  load.suspect = machine_.suspect || holds_back();
  load.in_flight = machine_.in_flight;
  load.slots = terms_.slots;
  load.queued = static_cast<std::uint32_t>(interactive_.size() + batch_.size());
  load.queue_limit = terms_.queue;
  load.service_time = service_time_;
  load.start_time = start_time_;
  if (machine_.state == State::backoff || machine_.state == State::quarantined) load.next_try = machine_.timer;
  return load;
}

Seconds Engine::retry_after() const {
  return hearth::engines::retry_after(load(), steady_now());
}

void Engine::serve() {
  while (machine_.state == State::ready && !machine_.suspect && !holds_back() && machine_.in_flight < terms_.slots) {
    std::list<Waiter*>& from = interactive_.empty() ? batch_ : interactive_;
    if (from.empty()) break;
    Waiter& waiter = *from.front();
    waiter.leave();
    waiter.granted = true;
    waiter.generation = generation_;
    ++machine_.in_flight;
    pace_.began(steady_now());
    waiter.event.set();
  }
  published_->in_flight = machine_.in_flight;
}

void Engine::poke() {
  published_->in_flight = machine_.in_flight;
  for (const auto* list : {&interactive_, &batch_, &watchers_}) {
    for (Waiter* waiter : *list) waiter->event.set();
  }
}

Error Engine::cannot_run() const {
  return {Errc::failed_precondition, fmt::format("the engine {} cannot run here: {}", manifest_.name, obstacle())};
}

Error Engine::not_available(std::string_view what) const {
  const std::string why = last_error_.empty() ? "" : fmt::format(": it {}", last_error_);
  return {Errc::unavailable, fmt::format("the engine {} {}{}", manifest_.name, what, why)};
}

// Until when a waiter believes in a start. In failing the process is being reaped, and with its end comes the reason.
Deadline Engine::patience(const Waiter& waiter) const {
  if (machine_.state == State::ready || machine_.state == State::failing) return Deadline::never();
  if (machine_.state == State::reserving)
    return Deadline::at(std::max(waiter.since, hold_since_) + policy_.memory_wait);
  return Deadline::at(std::max(waiter.since, not_ready_since_) + manifest_.start_deadline + kSlack);
}

std::optional<Error> Engine::hopeless(const Waiter& waiter) const {
  if (machine_.closing) return Error(Errc::unavailable, "it is stopping");
  if (machine_.state == State::absent) return cannot_run();
  if (machine_.state == State::quarantined)
    return not_available(
        fmt::format("failed too often and rests; hearth engines restart {} tries it now", manifest_.name));
  if (failures_ - waiter.failures >= kPatientFailures) return not_available("keeps failing");
  if (refusals_ != waiter.refusals)
    return Error(Errc::failed_precondition,
                 fmt::format("the engine {} cannot start: {}", manifest_.name, memory_wait_));
  if (machine_.state == State::reserving && patience(waiter).passed()) return no_memory_yet();
  if (patience(waiter).passed()) return not_available("did not become ready in time");
  return std::nullopt;
}

net::awaitable<Result<Lease>> Engine::acquire(Deadline deadline, Priority priority) {
  const auto self = shared_from_this();
  if (machine_.closing) co_return fail(Errc::unavailable, "it is stopping");
  switch (admit(load(), steady_now(), deadline.time())) {
    case Verdict::never:
      co_return fail(cannot_run());
    case Verdict::not_soon:
      co_return fail(not_available("failed and rests"));
    case Verdict::queue_full:
      co_return fail(
          Errc::resource_exhausted,
          fmt::format("the engine {} has {} requests waiting already; try again later", manifest_.name, load().queued));
    case Verdict::too_late:
      co_return fail(Errc::resource_exhausted,
                     fmt::format("the engine {} has too much to do to answer in time", manifest_.name));
    case Verdict::enter:
    case Verdict::wait:
      break;
  }
  for (;;) {
    const auto place = co_await wait_place(deadline, priority);
    if (!place) co_return fail(place.error());
    if (*place != generation_ || !connection_)
      continue;  // given, and its process ended right after: nothing was sent yet
    const Deadline until = deadline.sooner_of(Deadline::in(manifest_.request_deadline));
    Lease lease(std::make_unique<Lease::Impl>(self, connection_, &connection_->client, until, *place));
    const bool given_up = co_await net::is_cancelled();
    if (given_up) co_return fail(Errc::cancelled, "given up");
    co_return lease;
  }
}

// The generation of the process in which a place was taken.
net::awaitable<Result<std::uint64_t>> Engine::wait_place(Deadline deadline, Priority priority) {
  count_use(steady_now());
  Waiter waiter(*this, priority == Priority::interactive ? interactive_ : batch_);
  dispatch(Event::demand);
  while (!waiter.granted) {
    if (auto reason = hopeless(waiter)) co_return fail(*std::move(reason));
    waiter.event.reset();
    const Deadline until = deadline.sooner_of(patience(waiter));
    const auto waited = co_await waiter.event.wait(until);
    if (waited || waiter.granted) continue;
    if (waited.error().is(Errc::cancelled)) co_return fail(waited.error());
    if (!deadline.passed()) continue;
    if (machine_.state == State::reserving) co_return fail(no_memory_yet());
    if (machine_.state != State::ready) co_return fail(not_available("did not become ready in time"));
    co_return fail(
        Errc::resource_exhausted,
        fmt::format("the engine {} was busy with other requests for too long; try again later", manifest_.name));
  }
  co_return waiter.generation;
}

net::awaitable<Result<void>> Engine::wait_ready(std::uint64_t after, Deadline deadline) {
  Waiter waiter(*this, watchers_);
  for (;;) {
    if (machine_.state == State::ready && generation_ > after) co_return Result<void>();
    if (auto reason = hopeless(waiter)) co_return fail(*std::move(reason));
    if (machine_.state == State::stopped) dispatch(Event::person_start);
    waiter.event.reset();
    const Deadline until = deadline.sooner_of(patience(waiter));
    const auto waited = co_await waiter.event.wait(until);
    if (waited) continue;
    if (waited.error().is(Errc::cancelled) || deadline.passed()) co_return fail(waited.error());
  }
}

}  // namespace hearth::engines
