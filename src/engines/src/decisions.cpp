#include <hearth/engines/decisions.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace hearth::engines {
namespace {

// One transition under way: the machine being changed, and what is to be done about it.
struct Transition {
  Machine m;
  std::vector<Action> actions;
  const Policy& policy;
  const Lifetimes& lifetimes;
  SteadyTime now;
  double random;

  void act(Action action) { actions.push_back(action); }
  bool wanted() const { return !m.closing && (m.waiting > 0 || lifetimes.keep_warm); }

  void enter(State state) {
    m.state = state;
    m.timer = std::nullopt;
  }

  // It starts when its memory is set aside.
  void start() {
    enter(State::reserving);
    m.strikes = m.errors = 0;
    m.terminated = m.restart_after = false;
    act(Action::reserve);
  }
  void spawn() {
    enter(State::starting);
    m.timer = now + lifetimes.start_deadline;
    if (!m.failures.empty()) ++m.restarts;
    act(Action::spawn);
  }

  void rest() {
    enter(State::stopped);
    m.trial = m.terminated = m.restart_after = false;
  }

  void become_ready() {
    enter(State::ready);
    m.trial = m.suspect = false;
    m.refusals = 0;
    m.ready_since = m.idle_since = now;
    arm_ready_timer();
    act(Action::serve);
  }

  // In ready the timer serves two ends: the failures are forgotten after a stable time, and an idle engine stops. It is
  // left alone while it is due early enough: requests come and go much more often than it fires.
  void arm_ready_timer() {
    std::optional<SteadyTime> due;
    if (!m.failures.empty()) due = m.ready_since + policy.stable_time;
    if (idles() && (!due || m.idle_since + lifetimes.idle_stop < *due)) due = m.idle_since + lifetimes.idle_stop;
    if (due && (!m.timer || *due < *m.timer)) m.timer = due;
  }
  bool idles() const {
    return m.in_flight == 0 && m.waiting == 0 && lifetimes.idle_stop > Millis(0) && !lifetimes.keep_warm;
  }
  void on_ready_timer() {
    if (!m.failures.empty() && now >= m.ready_since + policy.stable_time) forget_failures();
    if (idles() && now >= m.idle_since + lifetimes.idle_stop) return drain(false);
    arm_ready_timer();
  }

  void drain(bool restart) {
    enter(State::draining);
    m.restart_after = restart;
    m.terminated = false;
    if (m.in_flight == 0) return terminate();
    m.timer = now + policy.drain_time;
  }
  void terminate() {
    m.terminated = true;
    m.timer = now + policy.stop_grace;
    act(Action::terminate);
  }

  void hurry() {
    if (!m.terminated) terminate();
    m.timer = std::min(m.timer.value_or(SteadyTime::max()), now + policy.hurried_grace);
  }

  void be_refused() {
    rest();
    act(Action::refuse);
    if (m.closing || !lifetimes.keep_warm) return;
    const auto doublings = std::min(m.refusals++, 20U);
    m.timer = now + std::min<Millis>(policy.memory_retry * (1LL << doublings), policy.memory_retry_max);
  }

  // A process that still runs is ended now; what was noted against it is decided on when it has been reaped.
  void fail_running() {
    enter(State::failing);
    act(Action::kill);
  }

  void note_failure() {
    const SteadyTime oldest = now - policy.quarantine_window;
    std::erase_if(m.failures, [&](SteadyTime t) { return t < oldest; });
    m.failures.push_back(now);
    if (m.failures.size() > policy.quarantine_failures) m.failures.erase(m.failures.begin());
  }

  // The process is gone, against our will. `in_use`: it was working on requests.
  void after_failure(bool in_use) {
    note_failure();
    if (m.closing) return rest();
    if (std::exchange(m.trial, false) || m.failures.size() >= policy.quarantine_failures) return quarantine();
    const Millis delay = backoff_delay(static_cast<std::uint32_t>(m.failures.size()), policy, random);
    if (delay > Millis(0)) {
      enter(State::backoff);
      m.timer = now + delay;
      return;
    }
    in_use || wanted() ? start() : rest();
  }

  void quarantine() {
    enter(State::quarantined);
    m.timer = now + policy.quarantine_time;
    act(Action::refuse);
  }

  void forget_failures() {
    m.failures.clear();
    m.strikes = 0;
  }

  void on_close() {
    const bool again = std::exchange(m.closing, true);
    switch (m.state) {
      case State::starting:
      case State::probing:
      case State::ready:
        return drain(false);
      case State::draining:
        m.restart_after = false;
        if (again) hurry();
        return;
      case State::reserving:
      case State::backoff:
      case State::quarantined:
        return rest();
      default:
        return;
    }
  }

  void on_person(bool start_it, bool stop_it) {
    if (m.closing || m.state == State::absent) return;
    const bool runs = m.state == State::starting || m.state == State::probing || m.state == State::ready;
    if (m.state == State::backoff || m.state == State::quarantined) {
      forget_failures();  // a person has looked at it
      m.trial = false;
      return start_it || m.waiting > 0 ? start() : rest();  // requests that wait ask for it like any that come next
    }
    if (m.state == State::reserving) {
      if (!start_it && m.waiting == 0) rest();
      return;
    }
    if (stop_it && m.state == State::stopped) m.timer = std::nullopt;
    if (stop_it && runs) return drain(start_it);
    if (m.state == State::draining) {
      m.restart_after = start_it;
      return;
    }
    if (start_it && m.state == State::stopped) start();
  }

  void on_appeared() {
    if (m.closing || m.state != State::absent) return;
    wanted() ? start() : rest();
  }
  void on_vanished() {
    if (m.state == State::stopped || m.state == State::backoff || m.state == State::quarantined) {
      forget_failures();
      enter(State::absent);
    }
  }

  void on_exited() {
    const bool in_use = std::exchange(m.in_flight, 0) > 0;  // they broke with the process
    switch (m.state) {
      case State::starting:
      case State::probing:
      case State::ready:
      case State::failing:
        return after_failure(in_use);
      case State::draining:
        if (!m.closing && (m.restart_after || m.waiting > 0)) return start();
        return rest();
      default:
        return;  // nothing runs in the other states
    }
  }

  void on_request_end(Event event) {
    if (event == Event::request_ok) forget_failures();
    if (event == Event::request_ok) m.errors = 0;
    if (m.in_flight == 0) m.idle_since = now;
    if (m.state == State::draining && m.in_flight == 0 && !m.terminated) return terminate();
    if (m.state != State::ready) return;
    if (event == Event::request_failed) {
      m.suspect = true;
      act(Action::check_health);
    }
    if (event == Event::request_error) note_error();
    serve();
    arm_ready_timer();
  }

  // One input may be more than an engine can take; when nothing else has gone well in between, it may be the engine.
  void note_error() {
    m.errors = std::min(m.errors + 1, policy.errors);
    if (m.errors < policy.errors || (m.doubted && now < *m.doubted + policy.doubt_pause)) return;
    m.doubted = now;
    act(Action::ask_canary);
  }

  void on_healthy() {
    if (m.state != State::ready || !std::exchange(m.suspect, false)) return;
    if (++m.strikes >= policy.strikes) return fail_running();
    serve();
  }

  void serve() {
    if (m.state == State::ready && !m.suspect && m.waiting > 0) act(Action::serve);
  }

  void on_timer() {
    if (!m.timer || now < *m.timer) return;
    m.timer = std::nullopt;
    switch (m.state) {
      case State::starting:
      case State::probing:
        return fail_running();
      case State::ready:
        return on_ready_timer();
      case State::draining:
        return m.terminated ? act(Action::kill) : terminate();
      case State::stopped:
      case State::backoff:
        return wanted() ? start() : rest();
      case State::quarantined:
        m.trial = true;
        if (wanted()) return start();
        enter(State::stopped);  // the next request is the one try
        return;
      default:
        return;
    }
  }
};

}  // namespace

Millis backoff_delay(std::uint32_t failures, const Policy& policy, double random) {
  if (failures <= 1) return Millis(0);
  const double doubled = static_cast<double>(policy.backoff_first.count()) * std::exp2(std::min(failures - 2, 40U));
  const double base = std::min(doubled, static_cast<double>(policy.backoff_max.count()));
  const double factor = 1 + policy.backoff_jitter * (2 * random - 1);
  return Millis(std::llround(base * factor));
}

Step next(Machine machine, Event event, const Policy& policy, const Lifetimes& lifetimes, SteadyTime now,
          double random) {
  Transition t{std::move(machine), {}, policy, lifetimes, now, random};
  switch (event) {
    case Event::demand:
      if (t.m.state == State::stopped && !t.m.closing) t.start();
      t.serve();
      break;
    case Event::person_start:
      t.on_person(true, false);
      break;
    case Event::person_stop:
      t.on_person(false, true);
      break;
    case Event::person_restart:
      t.on_person(true, true);
      break;
    case Event::close:
      t.on_close();
      break;
    case Event::reserved:
      if (t.m.state == State::reserving) t.spawn();
      break;
    case Event::deserted:
      if (t.m.state == State::reserving && !t.wanted()) t.rest();
      break;
    case Event::no_memory:
      if (t.m.state == State::reserving) t.be_refused();
      break;
    case Event::evict:
    case Event::recycle:
      if (t.m.state == State::ready && t.m.in_flight == 0) t.drain(event == Event::recycle);
      break;
    case Event::spawn_failed:
      if (t.m.state == State::starting) t.after_failure(false);
      if (t.m.state == State::draining) t.rest();
      break;
    case Event::listening:
      if (t.m.state == State::starting) {
        t.m.state = State::probing;  // the start's deadline goes on
        t.act(Action::probe);
      }
      break;
    case Event::probe_passed:
      if (t.m.state == State::probing) t.become_ready();
      break;
    case Event::healthy:
      t.on_healthy();
      break;
    case Event::probe_failed:
    case Event::unresponsive:
    case Event::stalled:
    case Event::canary_failed:
      if (t.m.state == State::starting || t.m.state == State::probing || t.m.state == State::ready) t.fail_running();
      break;
    case Event::exited:
      t.on_exited();
      break;
    case Event::request_ok:
    case Event::request_error:
    case Event::request_failed:
    case Event::request_dropped:
      t.on_request_end(event);
      break;
    case Event::appeared:
      t.on_appeared();
      break;
    case Event::vanished:
      t.on_vanished();
      break;
    case Event::timer:
      t.on_timer();
      break;
  }
  return {std::move(t.m), std::move(t.actions)};
}

std::string_view to_string(State state) noexcept {
  constexpr std::array<std::string_view, 10> kNames{"absent", "stopped",  "reserving", "starting", "probing",
                                                    "ready",  "draining", "failing",   "backoff",  "quarantined"};
  return kNames.at(static_cast<std::size_t>(state));
}

std::string_view to_string(Event event) noexcept {
  constexpr std::array<std::string_view, 26> kNames{
      "demand",          "person_start", "person_stop",  "person_restart", "close",         "reserved",
      "deserted",        "no_memory",    "evict",        "recycle",        "spawn_failed",  "listening",
      "probe_passed",    "probe_failed", "exited",       "request_ok",     "request_error", "request_failed",
      "request_dropped", "healthy",      "unresponsive", "appeared",       "vanished",      "stalled",
      "canary_failed",   "timer"};
  return kNames.at(static_cast<std::size_t>(event));
}

}  // namespace hearth::engines
