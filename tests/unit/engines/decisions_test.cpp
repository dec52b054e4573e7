#include <hearth/engines/decisions.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace hearth::engines {
namespace {

const SteadyTime kStart = SteadyTime() + Seconds(1'000'000);

// Drives one machine by hand.
struct Drive {
  Policy policy;
  Lifetimes lifetimes;
  Machine machine;
  SteadyTime now = kStart;
  std::vector<Action> last;
  bool memory_is_free = true;

  Drive& on(Event event) {
    Step step = next(machine, event, policy, lifetimes, now, 0.5);
    machine = step.machine;
    last = step.actions;
    if (memory_is_free && did(Action::reserve)) on(Event::reserved);
    return *this;
  }
  Drive& demand() {
    ++machine.waiting;
    return on(Event::demand);
  }
  // What the supervisor does upon Action::serve.
  Drive& enter() {
    --machine.waiting;
    ++machine.in_flight;
    return *this;
  }
  Drive& end(Event event) {
    --machine.in_flight;
    return on(event);
  }
  Drive& to_ready() { return demand().on(Event::listening).on(Event::probe_passed).enter(); }
  Drive& wait(Millis time) {
    now += time;
    return on(Event::timer);
  }
  [[nodiscard]] bool did(Action action) const { return std::ranges::find(last, action) != last.end(); }
};

TEST(Machine, GoesItsOrdinaryWay) {
  Drive d;
  EXPECT_EQ(d.demand().machine.state, State::starting);
  EXPECT_TRUE(d.did(Action::spawn));
  EXPECT_EQ(d.on(Event::listening).machine.state, State::probing);
  EXPECT_TRUE(d.did(Action::probe));
  EXPECT_EQ(d.on(Event::probe_passed).machine.state, State::ready);
  EXPECT_TRUE(d.did(Action::serve));
  d.enter();
  EXPECT_EQ(d.end(Event::request_ok).machine.state, State::ready);
  d.wait(d.lifetimes.idle_stop);
  EXPECT_EQ(d.machine.state, State::draining);
  EXPECT_TRUE(d.did(Action::terminate));
  EXPECT_EQ(d.on(Event::exited).machine.state, State::stopped);
  EXPECT_EQ(d.machine.restarts, 0U);
}

TEST(Machine, StartsWhenItsMemoryIsSetAside) {
  Drive d;
  d.memory_is_free = false;
  EXPECT_EQ(d.demand().machine.state, State::reserving);
  EXPECT_TRUE(d.did(Action::reserve));
  EXPECT_FALSE(d.machine.timer) << "waiting for memory is not starting slowly";
  EXPECT_EQ(d.on(Event::deserted).machine.state, State::reserving) << "somebody waits";
  EXPECT_EQ(d.on(Event::person_stop).machine.state, State::reserving);
  EXPECT_EQ(d.on(Event::reserved).machine.state, State::starting);
  EXPECT_TRUE(d.did(Action::spawn));
}

TEST(Machine, GivesUpWhenThereIsNoMemoryOrNobodyWaits) {
  Drive d;
  d.memory_is_free = false;
  d.demand().on(Event::no_memory);
  EXPECT_EQ(d.machine.state, State::stopped);
  EXPECT_TRUE(d.did(Action::refuse));
  d.machine.waiting = 0;
  d.demand();
  d.machine.waiting = 0;
  EXPECT_EQ(d.on(Event::deserted).machine.state, State::stopped);
  d.demand();
  EXPECT_EQ(d.on(Event::close).machine.state, State::stopped);
  EXPECT_TRUE(d.machine.failures.empty());
}

TEST(Machine, WhatIsKeptWarmIsTriedAgainWhenItsMemoryWasRefused) {
  Drive d;
  d.memory_is_free = false;
  d.lifetimes.keep_warm = true;
  d.on(Event::demand);
  std::vector<Millis> pauses;
  for (int i = 0; i < 7; ++i) {
    ASSERT_EQ(d.machine.state, State::reserving);
    d.on(Event::no_memory);
    ASSERT_EQ(d.machine.state, State::stopped);
    ASSERT_TRUE(d.machine.timer);
    pauses.push_back(std::chrono::duration_cast<Millis>(*d.machine.timer - d.now));
    d.wait(pauses.back());
  }
  EXPECT_EQ(pauses, (std::vector<Millis>{Seconds(30), Seconds(60), Seconds(120), Seconds(240), Seconds(480),
                                         Seconds(600), Seconds(600)}));
  EXPECT_TRUE(d.machine.failures.empty()) << "that is no failure of its own";
  d.on(Event::no_memory).on(Event::person_stop);
  EXPECT_FALSE(d.machine.timer) << "a person has stopped it";
}

TEST(Machine, LeavesForOthersOnlyWhenIdle) {
  Drive d;
  d.to_ready();
  EXPECT_EQ(d.on(Event::evict).machine.state, State::ready);
  EXPECT_EQ(d.on(Event::recycle).machine.state, State::ready);
  d.end(Event::request_ok);
  EXPECT_EQ(d.on(Event::evict).machine.state, State::draining);
  EXPECT_TRUE(d.did(Action::terminate));
  EXPECT_EQ(d.on(Event::exited).machine.state, State::stopped);
}

TEST(Machine, IsRecycledWithoutDemandAndWithoutBlame) {
  Drive d;
  d.to_ready().end(Event::request_ok).on(Event::recycle);
  EXPECT_EQ(d.machine.state, State::draining);
  EXPECT_EQ(d.on(Event::exited).machine.state, State::starting);
  EXPECT_EQ(d.machine.restarts, 0U);
  EXPECT_TRUE(d.machine.failures.empty());
}

TEST(Machine, IsReplacedWhenItStallsOrAnswersItsCanaryWrongly) {
  for (const Event event : {Event::stalled, Event::canary_failed}) {
    Drive d;
    d.to_ready().on(event);
    EXPECT_EQ(d.machine.state, State::failing);
    EXPECT_TRUE(d.did(Action::kill));
    EXPECT_EQ(d.on(Event::exited).machine.state, State::starting);
    EXPECT_EQ(d.machine.restarts, 1U);
  }
}

TEST(Machine, DoesNotStopWhileItWorks) {
  Drive d;
  d.to_ready();
  d.wait(d.lifetimes.idle_stop * 2);
  EXPECT_EQ(d.machine.state, State::ready);
  d.end(Event::request_ok);
  EXPECT_EQ(d.wait(d.lifetimes.idle_stop - Millis(1)).machine.state, State::ready);
  EXPECT_EQ(d.wait(Millis(1)).machine.state, State::draining);
}

TEST(Machine, IsKilledWhenItDoesNotStart) {
  Drive d;
  d.demand();
  EXPECT_EQ(d.wait(d.lifetimes.start_deadline).machine.state, State::failing);
  EXPECT_TRUE(d.did(Action::kill));
  d.on(Event::exited);
  EXPECT_EQ(d.machine.state, State::starting) << "the first failure is repaired at once";
  EXPECT_EQ(d.machine.restarts, 1U);
}

TEST(Machine, IsKilledWhenItDoesNotStop) {
  Drive d;
  d.to_ready().end(Event::request_ok);
  d.on(Event::person_stop);
  EXPECT_TRUE(d.did(Action::terminate));
  d.wait(d.policy.stop_grace);
  EXPECT_TRUE(d.did(Action::kill));
  EXPECT_EQ(d.on(Event::exited).machine.state, State::stopped);
}

TEST(Machine, BacksOffAndIsQuarantined) {
  Drive d;
  d.demand();
  std::vector<Millis> pauses;
  while (d.machine.state != State::quarantined) {
    ASSERT_EQ(d.machine.state, State::starting);
    d.on(Event::exited);
    if (d.machine.state == State::backoff) {
      pauses.push_back(std::chrono::duration_cast<Millis>(*d.machine.timer - d.now));
      d.now = *d.machine.timer;
      d.on(Event::timer);
    }
  }
  EXPECT_EQ(pauses, (std::vector{Millis(250), Millis(500), Millis(1000), Millis(2000), Millis(4000), Millis(8000)}));
  EXPECT_TRUE(d.did(Action::refuse));
  EXPECT_EQ(d.machine.failures.size(), d.policy.quarantine_failures);
  // One try after the rest; it fails, so it rests again.
  d.wait(d.policy.quarantine_time);
  EXPECT_EQ(d.machine.state, State::starting);
  EXPECT_EQ(d.on(Event::exited).machine.state, State::quarantined);
  // A person may try at any time, and starts from nothing.
  EXPECT_EQ(d.on(Event::person_start).machine.state, State::starting);
  EXPECT_EQ(d.on(Event::exited).machine.state, State::starting);
  EXPECT_EQ(d.on(Event::exited).machine.state, State::backoff);
}

TEST(Machine, OldFailuresDoNotCount) {
  Drive d;
  d.demand();
  for (std::uint32_t i = 0; i < 3 * d.policy.quarantine_failures; ++i) {
    d.on(Event::exited);
    ASSERT_NE(d.machine.state, State::quarantined) << "after " << i + 1 << " failures, a minute apart";
    d.now += Seconds(60);
    if (d.machine.state == State::backoff) d.on(Event::timer);
  }
}

TEST(Machine, SuccessForgetsFailures) {
  Drive d;
  d.to_ready();
  for (int i = 0; i < 100; ++i) {
    d.on(Event::exited);  // it was working: it is wanted again
    ASSERT_EQ(d.machine.state, State::starting) << i;
    d.on(Event::listening).on(Event::probe_passed);
    d.machine.in_flight = 1;
    d.end(Event::request_ok);
    d.machine.in_flight = 1;
  }
  EXPECT_EQ(d.machine.restarts, 100U);
}

TEST(Machine, StableTimeForgetsFailures) {
  Drive d;
  d.to_ready().on(Event::exited).on(Event::listening).on(Event::probe_passed);
  EXPECT_EQ(d.machine.failures.size(), 1U);
  d.wait(d.policy.stable_time);
  EXPECT_EQ(d.machine.state, State::ready);
  EXPECT_TRUE(d.machine.failures.empty());
}

TEST(Machine, LetsNobodyInWhileItIsSuspected) {
  Drive d;
  d.to_ready();
  ++d.machine.waiting;
  d.end(Event::request_failed);
  EXPECT_TRUE(d.did(Action::check_health));
  EXPECT_FALSE(d.did(Action::serve));
  EXPECT_FALSE(d.on(Event::demand).did(Action::serve));
  EXPECT_TRUE(d.on(Event::healthy).did(Action::serve));
  EXPECT_EQ(d.machine.state, State::ready);
}

TEST(Machine, ThreeStrikesAreOut) {
  Drive d;
  d.to_ready();
  for (std::uint32_t i = 1; i <= d.policy.strikes; ++i) {
    d.machine.in_flight = 1;
    d.end(Event::request_failed).on(Event::healthy);
    EXPECT_EQ(d.machine.state, i < d.policy.strikes ? State::ready : State::failing);
  }
  EXPECT_TRUE(d.did(Action::kill));
}

TEST(Machine, ItsCanaryDecidesWhenAllItAnswersIsErrors) {
  Drive d;
  d.to_ready();
  const auto answer = [&d](Event event) {
    d.machine.in_flight = 1;
    d.end(event);
    return d.did(Action::ask_canary);
  };
  for (std::uint32_t i = 1; i < d.policy.errors; ++i) EXPECT_FALSE(answer(Event::request_error)) << i;
  EXPECT_FALSE(answer(Event::request_ok)) << "what goes well in between speaks for the engine";
  for (std::uint32_t i = 1; i < d.policy.errors; ++i) EXPECT_FALSE(answer(Event::request_error)) << i;
  EXPECT_TRUE(answer(Event::request_error));
  EXPECT_EQ(d.machine.state, State::ready) << "nothing is done to it until its canary has answered";
  EXPECT_FALSE(answer(Event::request_error)) << "not with every error";
  d.now += d.policy.doubt_pause;
  EXPECT_TRUE(answer(Event::request_error));
  EXPECT_EQ(d.on(Event::canary_failed).machine.state, State::failing);
}

TEST(Machine, ErrorsDoNotForgetFailures) {
  Drive d;
  d.to_ready().on(Event::exited).on(Event::listening).on(Event::probe_passed);
  d.machine.in_flight = 1;
  d.end(Event::request_error);
  EXPECT_EQ(d.machine.failures.size(), 1U);
}

TEST(Machine, ClosingWaitsForRequestsUntilToldAgain) {
  Drive d;
  d.to_ready().on(Event::close);
  EXPECT_EQ(d.machine.state, State::draining);
  EXPECT_FALSE(d.did(Action::terminate));
  d.on(Event::close);
  EXPECT_TRUE(d.did(Action::terminate));
  d.wait(d.policy.hurried_grace);
  EXPECT_TRUE(d.did(Action::kill));
  d.on(Event::exited);
  EXPECT_EQ(d.machine.state, State::stopped);
  EXPECT_EQ(d.demand().machine.state, State::stopped) << "nothing starts in a daemon that ends";
}

TEST(Machine, RestartComesBackWithoutDemand) {
  Drive d;
  d.to_ready().end(Event::request_ok).on(Event::person_restart);
  EXPECT_EQ(d.machine.state, State::draining);
  EXPECT_EQ(d.on(Event::exited).machine.state, State::starting);
  EXPECT_EQ(d.machine.restarts, 0U);
}

TEST(Machine, AbsentStaysAbsentUntilWhatItNeedsAppears) {
  for (int e = 0; e <= static_cast<int>(Event::timer); ++e) {
    if (static_cast<Event>(e) == Event::appeared) continue;
    Drive d;
    d.machine.state = State::absent;
    d.on(static_cast<Event>(e));
    EXPECT_EQ(d.machine.state, State::absent) << to_string(static_cast<Event>(e));
    EXPECT_TRUE(d.last.empty());
  }
}

TEST(Machine, WhatItNeedsMayAppearAndVanish) {
  Drive d;
  d.machine.state = State::absent;
  EXPECT_EQ(d.on(Event::appeared).machine.state, State::stopped);
  EXPECT_EQ(d.on(Event::vanished).machine.state, State::absent);
  EXPECT_EQ(d.on(Event::vanished).machine.state, State::absent);
  // What runs goes on: it has what it needs.
  Drive running;
  running.to_ready().on(Event::vanished);
  EXPECT_EQ(running.machine.state, State::ready);
  EXPECT_EQ(running.on(Event::appeared).machine.state, State::ready);
  // One that is kept warm starts as soon as it can.
  Drive warm;
  warm.lifetimes.keep_warm = true;
  warm.machine.state = State::absent;
  EXPECT_EQ(warm.on(Event::appeared).machine.state, State::starting);
}

TEST(Names, AreThereForAll) {
  EXPECT_EQ(to_string(State::quarantined), "quarantined");
  EXPECT_EQ(to_string(Event::demand), "demand");
  EXPECT_EQ(to_string(Event::timer), "timer");
  EXPECT_EQ(to_string(Event::healthy), "healthy");
}

// ── Properties, over any sequence of events a world can produce

// A world around the machine: it has a process or not, and only sends events that can happen.
struct World {
  Policy policy;
  Lifetimes lifetimes;
  Machine machine;
  SteadyTime now = kStart;
  bool process = false;
  bool told_to_end = false;
  int spawned = 0;
  std::optional<SteadyTime> doubted;

  void send(Event event, double random) {
    const State from = machine.state;
    Step step = next(machine, event, policy, lifetimes, now, random);
    machine = step.machine;
    for (const Action action : step.actions) {
      if (action == Action::spawn) {
        RC_ASSERT(!process);
        RC_ASSERT(!machine.closing);
        process = true;
        told_to_end = false;
        ++spawned;
      }
      if (action == Action::kill || action == Action::terminate) {
        RC_ASSERT(process);
        told_to_end = true;
      }
      if (action == Action::ask_canary) {
        RC_ASSERT(machine.state == State::ready);
        RC_ASSERT(!doubted || now - *doubted >= policy.doubt_pause);
        doubted = now;
      }
      if (action == Action::serve) {
        RC_ASSERT(machine.state == State::ready);
        RC_ASSERT(!machine.suspect);
        while (machine.waiting > 0 && machine.in_flight < 2) {
          --machine.waiting;
          ++machine.in_flight;
        }
      }
    }
    check(from, event == Event::appeared || event == Event::vanished || event == Event::close);
  }

  void check(State from, bool appearing) const {
    const bool running_state = machine.state == State::starting || machine.state == State::probing ||
                               machine.state == State::ready || machine.state == State::draining ||
                               machine.state == State::failing;
    RC_ASSERT(running_state == process);
    RC_ASSERT(process || machine.in_flight == 0);
    RC_ASSERT(machine.failures.size() <= policy.quarantine_failures);
    RC_ASSERT(machine.state != State::failing || told_to_end);
    // Whatever waits for time has a time to wait for.
    if (machine.state == State::starting || machine.state == State::probing || machine.state == State::backoff ||
        machine.state == State::quarantined || (machine.state == State::draining && !machine.terminated))
      RC_ASSERT(machine.timer.has_value());
    // A request that waits never waits for nothing.
    if (machine.waiting > 0 && !machine.closing) RC_ASSERT(machine.state != State::stopped);
    if (machine.closing) RC_ASSERT(machine.state == State::stopped || machine.state == State::absent || process);
    // Waiting for memory is for those who want it; a start of its own accord is called off by whoever plans.
    RC_ASSERT(machine.state != State::reserving || !machine.timer);
    RC_ASSERT(from != State::absent || appearing);
  }

  void demand(double random) {
    if (machine.waiting < 5 && !machine.closing && machine.state != State::quarantined) {
      ++machine.waiting;
      send(Event::demand, random);
    }
  }
  void end_request(Event event, double random) {
    if (machine.in_flight == 0) return;
    --machine.in_flight;
    send(event, random);
  }
  void evict(double random) {
    const bool busy = machine.in_flight > 0;
    const State before = machine.state;
    send(Event::evict, random);
    if (busy) RC_ASSERT(machine.state == before);
  }
  // Those who wait are told.
  void refuse_memory(double random) {
    machine.waiting = 0;
    send(Event::no_memory, random);
    RC_ASSERT(machine.state == State::stopped);
  }
  void exit(double random) {
    if (!process) return;
    process = false;
    const bool was_asked = machine.state == State::draining;
    const Machine before = machine;
    send(Event::exited, random);
    if (was_asked) RC_ASSERT(machine.failures.size() <= before.failures.size());
  }
};

// What brings it on from where it is, so that a random course gets far.
void go_on(World& world, double random) {
  switch (world.machine.state) {
    case State::reserving:
      return world.send(Event::reserved, random);
    case State::starting:
      return world.send(Event::listening, random);
    case State::probing:
      return world.send(Event::probe_passed, random);
    case State::ready:
      return world.machine.suspect ? world.send(Event::healthy, random) : world.demand(random);
    case State::draining:
      return world.machine.in_flight > 0 ? world.end_request(Event::request_ok, random) : world.exit(random);
    case State::failing:
      return world.exit(random);
    case State::backoff:
    case State::quarantined:
      world.now = std::max(world.now, *world.machine.timer);
      return world.send(Event::timer, random);
    default:
      return world.demand(random);
  }
}

void anything(World& world, int which, double random) {
  switch (which) {
    case 0:
      return world.demand(random);
    case 1:
      return world.exit(random);
    case 2:
      if (world.machine.state == State::probing) world.send(Event::probe_failed, random);
      return;
    case 3:
      return world.end_request(Event::request_ok, random);
    case 4:
      return world.end_request(Event::request_failed, random);
    case 5:
      return world.end_request(Event::request_dropped, random);
    case 6:
      return world.send(Event::unresponsive, random);
    case 7:
      return world.send(Event::healthy, random);
    case 8:
      return world.send(Event::timer, random);
    case 9:
      return world.send(Event::person_start, random);
    case 10:
      return world.send(Event::person_stop, random);
    case 11:
      return world.send(Event::person_restart, random);
    case 12:
      return world.send(Event::reserved, random);
    case 13:
      return world.send(Event::deserted, random);
    case 14:
      return world.evict(random);
    case 15:
      return world.send(Event::recycle, random);
    case 16:
      return world.send(Event::stalled, random);
    case 17:
      return world.send(Event::canary_failed, random);
    case 18:
      if (world.machine.state == State::reserving) world.refuse_memory(random);
      return;
    case 19:
      world.send(Event::vanished, random);
      if (world.machine.state != State::absent) return;
      world.machine.waiting = 0;  // they are told that it cannot run
      return world.send(Event::appeared, random);
    case 20:
      return world.end_request(Event::request_error, random);
    default:
      world.now += Seconds(which - 5);
  }
}

RC_GTEST_PROP(MachineProperty, HoldsForAnyCourseOfEvents, ()) {
  World world;
  world.policy.quarantine_failures = 3;
  world.lifetimes.keep_warm = *rc::gen::arbitrary<bool>();
  world.lifetimes.idle_stop = *rc::gen::element(Millis(0), Millis(100), Millis(600'000));
  const auto course = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 37), rc::gen::inRange(0, 1000)));
  for (const auto& [which, thousandths] : course) {
    const double random = thousandths / 1000.0;
    world.now += Millis(thousandths / 10);
    which < 22 ? anything(world, which, random) : go_on(world, random);
    // Those who wait are told when it is quarantined.
    if (world.machine.state == State::quarantined) world.machine.waiting = 0;
  }
  world.machine.waiting = 0;  // the supervisor tells all who wait
  world.send(Event::close, 0);
  world.send(Event::close, 0);
  if (world.process) {
    RC_ASSERT(world.told_to_end);
    world.exit(0);
  }
  RC_ASSERT(world.machine.state == State::stopped);
  const int spawned = world.spawned;
  ++world.machine.waiting;
  world.send(Event::demand, 0);
  RC_ASSERT(world.spawned == spawned);
}

RC_GTEST_PROP(MachineProperty, ClosingAlwaysEndsInStopped, ()) {
  World world;
  const int steps = *rc::gen::inRange(0, 5);
  if (steps > 0) world.demand(0);
  if (steps > 1) world.send(Event::reserved, 0);
  if (steps > 2) world.send(Event::listening, 0);
  if (steps > 3) world.send(Event::probe_passed, 0);
  world.machine.waiting = 0;
  world.send(Event::close, 0);
  world.send(Event::close, 0);
  if (world.process) {
    RC_ASSERT(world.told_to_end);
    world.exit(0);
  }
  RC_ASSERT(world.machine.state == State::stopped);
}

RC_GTEST_PROP(BackoffProperty, GrowsWithinItsBounds, ()) {
  const Policy policy;
  const auto failures = *rc::gen::inRange<std::uint32_t>(0, 1000);
  const double random = *rc::gen::inRange(0, 1000) / 1000.0;
  const Millis delay = backoff_delay(failures, policy, random);
  if (failures <= 1) {
    RC_ASSERT(delay == Millis(0));
    return;
  }
  RC_ASSERT(delay >= policy.backoff_first * 8 / 10);
  RC_ASSERT(delay <= policy.backoff_max * 12 / 10);
  RC_ASSERT(backoff_delay(failures + 1, policy, random) >= delay);
}

}  // namespace
}  // namespace hearth::engines
