#include <hearth/engines/health.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace hearth::engines {
namespace {

const SteadyTime kStart = SteadyTime() + Seconds(1'000'000);
constexpr std::uint64_t kMiB = 1ULL << 20;

// ── Progress

struct Watch {
  StallPolicy policy;
  StallState state;
  Progress progress;
  SteadyTime now = kStart;
  Stall verdict = Stall::none;
  Stall after(Millis time) {
    now += time;
    StallStep step = note_progress(state, progress, now, policy);
    state = step.state;
    return verdict = step.verdict;
  }
};

TEST(Stall, IsFoundWithinTenSecondsOfTheLastProgress) {
  Watch watch;
  watch.progress.owes = true;
  watch.after(Millis(1'000));
  const SteadyTime last = watch.now - Millis(1'000);  // it may have begun right after the sample before
  while (watch.after(Millis(1'000)) == Stall::none) ASSERT_LT(watch.now, kStart + Seconds(60));
  EXPECT_EQ(watch.verdict, Stall::wedged);
  EXPECT_LT(watch.now - last, Seconds(10));
}

TEST(Stall, BytesComputingAndReadingAreProgress) {
  for (int kind = 0; kind < 3; ++kind) {
    Watch watch;
    watch.progress.owes = true;
    for (int i = 0; i < 600; ++i) {
      if (i % 7 == 0 && kind == 0) ++watch.progress.bytes;
      if (i % 7 == 0 && kind == 1) watch.progress.cpu_seconds += watch.policy.cpu_step * 1.01;
      if (i % 7 == 0 && kind == 2) ++watch.progress.major_faults;
      ASSERT_EQ(watch.after(Millis(1'000)), Stall::none) << kind << " at " << i;
    }
  }
}

TEST(Stall, WhatWaitingThreadsUseIsNoComputing) {
  Watch watch;
  watch.progress.owes = true;
  Stall verdict = Stall::none;
  for (int i = 0; i < 10; ++i) {
    watch.progress.cpu_seconds += watch.policy.cpu_step / 20;
    verdict = std::max(verdict, watch.after(Millis(1'000)));
  }
  EXPECT_EQ(verdict, Stall::wedged);
}

TEST(Stall, WhatIsStarvedOfProcessorsIsNotStuck) {
  Watch watch;
  watch.progress.owes = true;
  // It gets a few milliseconds now and then, and only then is told how long it waited.
  for (int i = 0; i < 600; ++i) {
    if (i % 3 == 2) {
      watch.progress.waited_seconds += 2.99;
      watch.progress.cpu_seconds += 0.01;
    }
    ASSERT_EQ(watch.after(Millis(1'000)), Stall::none) << i;
  }
  // A thread that wakes up now and then waits a little each time: that is no excuse for the one that is stuck.
  Stall verdict = Stall::none;
  for (int i = 0; i < 10; ++i) {
    watch.progress.waited_seconds += 0.2;
    verdict = std::max(verdict, watch.after(Millis(1'000)));
  }
  EXPECT_EQ(verdict, Stall::wedged);
}

TEST(Stall, ComputingWithoutAnAnswerHasAnEndWhereOneIsSet) {
  Watch watch;
  watch.policy.busy_time = Seconds(60);
  watch.progress.owes = true;
  Stall verdict = Stall::none;
  for (int i = 0; i < 70 && verdict == Stall::none; ++i) {
    watch.progress.cpu_seconds += 1;
    verdict = watch.after(Millis(1'000));
  }
  EXPECT_EQ(verdict, Stall::spinning);
}

TEST(Stall, AStandstillOfTheMachineIsNotTheEngines) {
  Watch watch;
  watch.progress.owes = true;
  watch.after(Millis(1'000));
  EXPECT_EQ(watch.after(Seconds(3'600)), Stall::none);
  ++watch.progress.bytes;
  EXPECT_EQ(watch.after(Millis(1'000)), Stall::none);
}

// Whatever happens: no verdict without stall_time of samples in a row in which the engine owed something and nothing
// moved; and after so long (and two samples) there is one.
RC_GTEST_PROP(StallProperty, IsNeitherRashNorBlind, ()) {
  Watch watch;
  Millis nothing{0};
  bool owed = false;
  const auto course = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 12), rc::gen::inRange(1, 2'500)));
  for (const auto& [what, ms] : course) {
    bool moved = false;
    watch.progress.owes = what != 0;
    if (what == 1) {
      ++watch.progress.bytes;
      moved = true;
    }
    if (what == 2) {
      watch.progress.cpu_seconds += 1;
      moved = true;
    }
    watch.after(Millis(ms));
    const bool counts = watch.progress.owes && owed && !moved;
    nothing = counts ? nothing + std::min(Millis(ms), watch.policy.sample_cap) : Millis(0);
    owed = watch.progress.owes;
    RC_ASSERT((watch.verdict == Stall::wedged) == (nothing >= watch.policy.stall_time));
  }
}

// ── Hearing

struct Listen {
  HearingPolicy policy;
  StallPolicy stall;
  HearingState state;
  Progress progress;
  bool asked = false;
  Millis silent{0};
  SteadyTime now = kStart;
  Hearing after(Millis time) {
    now += time;
    const HearingStep step = note_hearing(state, asked, progress, silent, now, policy, stall);
    state = step.state;
    return step.verdict;
  }
};

TEST(Hearing, OneThatComputesAndTakesNothingIsFoundWithinTenSeconds) {
  Listen listen;
  SteadyTime asked_at = kStart + listen.policy.ask_every;
  while (listen.after(Millis(1'000)) != Hearing::deaf) {
    ASSERT_LT(listen.now, kStart + Seconds(10));
    listen.asked = listen.now >= asked_at;
    listen.progress.cpu_seconds += 0.1;
    listen.silent += Millis(1'000);
  }
}

TEST(Hearing, WhatItStillAnswersElsewhereHasAGrace) {
  Listen listen;
  listen.asked = true;
  listen.after(Millis(1'000));
  const SteadyTime asked_at = listen.now;
  Hearing verdict = Hearing::well;
  while (verdict != Hearing::deaf) {
    ++listen.progress.bytes;
    verdict = listen.after(Millis(1'000));
    const auto unheard = listen.now - asked_at;
    ASSERT_EQ(verdict, unheard < listen.policy.deaf_time ? Hearing::well
                       : unheard < listen.policy.grace   ? Hearing::hard
                                                         : Hearing::deaf);
  }
}

TEST(Hearing, OneThatStandsStillIsNotJudgedHere) {
  Listen listen;
  listen.asked = true;
  for (int i = 0; i < 100; ++i) {
    listen.silent += Millis(1'000);
    ASSERT_EQ(listen.after(Millis(1'000)), Hearing::well);
  }
}

// No verdict without deaf_time of samples in a row in which it was asked and did not answer, nor without a sign of life
// in them; and with both there is one.
RC_GTEST_PROP(HearingProperty, IsNeitherRashNorBlind, ()) {
  Listen listen;
  Millis unheard{0};
  bool asked = false;
  bool alive = false;
  const auto course = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 20), rc::gen::inRange(1, 2'500)));
  for (const auto& [what, ms] : course) {
    listen.asked = what != 0;
    if (what == 1) ++listen.progress.bytes;
    if (what == 2) listen.progress.cpu_seconds += 1;
    listen.silent = what == 1 ? Millis(0) : listen.silent + Millis(ms);
    const Hearing verdict = listen.after(Millis(ms));
    const bool counts = listen.asked && asked;
    asked = listen.asked;
    unheard = counts ? unheard + std::min(Millis(ms), listen.stall.sample_cap) : Millis(0);
    alive = counts && (alive || what == 1 || what == 2);
    RC_ASSERT((verdict != Hearing::well) == (alive && unheard >= listen.policy.deaf_time));
    if (verdict == Hearing::hard) RC_ASSERT(listen.silent < listen.policy.deaf_time);
  }
}

// ── Canary

TEST(Canary, IsAskedAgainOnlyWhenIdleAndDue) {
  CanaryFacts facts{.ready = true, .in_flight = 0, .waiting = 0, .last_right = kStart};
  EXPECT_FALSE(canary_due(facts, kStart + Seconds(599), Seconds(600)));
  EXPECT_TRUE(canary_due(facts, kStart + Seconds(600), Seconds(600)));
  EXPECT_FALSE(canary_due(facts, kStart + Seconds(600), Millis(0)));
  facts.in_flight = 1;
  EXPECT_FALSE(canary_due(facts, kStart + Seconds(600), Seconds(600)));
  facts = {.ready = true, .in_flight = 0, .waiting = 1, .last_right = kStart};
  EXPECT_FALSE(canary_due(facts, kStart + Seconds(600), Seconds(600)));
  facts = {.ready = false, .in_flight = 0, .waiting = 0, .last_right = kStart};
  EXPECT_FALSE(canary_due(facts, kStart + Seconds(600), Seconds(600)));
}

// ── Memory

std::vector<LeakPoint> points(std::size_t n, auto memory_at) {
  std::vector<LeakPoint> points;
  for (std::size_t i = 0; i < n; ++i) points.push_back({10 * (i + 1), static_cast<std::uint64_t>(memory_at(i))});
  return points;
}

TEST(Leak, NeedsEnoughPoints) {
  const LeakPolicy policy;
  EXPECT_FALSE(judge_leak({}, policy).leaks);
  EXPECT_FALSE(judge_leak(points(11, [](std::size_t i) { return i * 100 * kMiB; }), policy).leaks);
}

TEST(Leak, SteadyGrowthIsOne) {
  const LeakPolicy policy;
  const auto verdict = judge_leak(points(12, [](std::size_t i) { return 200 * kMiB + i * 10 * kMiB; }), policy);
  EXPECT_TRUE(verdict.leaks);
  EXPECT_NEAR(verdict.bytes_per_request, kMiB, 1);
  EXPECT_GE(verdict.grown, 64 * kMiB);
}

TEST(Leak, ACacheThatFillsIsNone) {
  const LeakPolicy policy;
  const auto fills = points(12, [](std::size_t i) { return 1e9 * (1 - std::exp(-static_cast<double>(i) / 2)); });
  EXPECT_FALSE(judge_leak(fills, policy).leaks);
  const auto one_step = points(12, [](std::size_t i) { return i < 6 ? 100 * kMiB : 900 * kMiB; });
  EXPECT_FALSE(judge_leak(one_step, policy).leaks);
}

TEST(Leak, SmallGrowthIsLetBe) {
  EXPECT_FALSE(judge_leak(points(12, [](std::size_t i) { return i * kMiB; }), {}).leaks);
}

TEST(Leak, APointIsTheLeastOfItsStretch) {
  const LeakPolicy policy;
  LeakState state;
  state = note_memory(state, 0, 300 * kMiB, kStart, policy);
  state = note_memory(state, 0, 100 * kMiB, kStart + Seconds(1), policy);
  state = note_memory(state, 0, 400 * kMiB, kStart + Seconds(9), policy);
  EXPECT_TRUE(state.points.empty()) << "no request has come: nothing was learned";
  state = note_memory(state, 4, 500 * kMiB, kStart + Seconds(10), policy);
  ASSERT_EQ(state.points.size(), 1U);
  EXPECT_EQ(state.points[0].memory, 100 * kMiB);
  EXPECT_EQ(state.points[0].requests, 4U);
}

RC_GTEST_PROP(LeakProperty, NoiseAroundALevelIsNeverOne, ()) {
  const LeakPolicy policy;
  std::vector<LeakPoint> noisy;
  const auto level = *rc::gen::inRange<std::uint64_t>(10, 4'000);
  for (std::size_t i = 0; i < policy.points; ++i) {
    const auto noise = *rc::gen::inRange<std::uint64_t>(0, 60);  // MiB, under the floor
    noisy.push_back({i + 1, (level + noise) * kMiB});
  }
  RC_ASSERT(!judge_leak(noisy, policy).leaks);
}

RC_GTEST_PROP(LeakProperty, AnySteadyLeakOverTheFloorIsFoundDespiteNoise, ()) {
  const LeakPolicy policy;
  const auto step = *rc::gen::inRange<std::uint64_t>(10, 500);  // MiB a point
  std::vector<LeakPoint> leaking;
  for (std::size_t i = 0; i < policy.points; ++i) {
    const auto noise = *rc::gen::inRange<std::uint64_t>(0, 3);
    leaking.push_back({(i + 1) * 7, (100 + i * step + noise) * kMiB});
  }
  RC_ASSERT(judge_leak(leaking, policy).leaks);
}

RC_GTEST_PROP(LeakProperty, WhatShrinksIsNone, ()) {
  auto memory = *rc::gen::container<std::vector<std::uint64_t>>(12, rc::gen::inRange<std::uint64_t>(0, 1ULL << 40));
  std::ranges::sort(memory, std::greater<>());
  std::vector<LeakPoint> falling;
  for (std::size_t i = 0; i < memory.size(); ++i) falling.push_back({i + 1, memory[i]});
  RC_ASSERT(!judge_leak(falling, {}).leaks);
}

RC_GTEST_PROP(LeakProperty, PointsAreBoundedAndInOrder, ()) {
  const LeakPolicy policy;
  LeakState state;
  SteadyTime now = kStart;
  std::uint64_t requests = 0;
  const auto samples = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::inRange(1, 1000)));
  for (const auto& [served, memory] : samples) {
    now += Seconds(2);
    requests += static_cast<std::uint64_t>(served);
    state = note_memory(std::move(state), requests, static_cast<std::uint64_t>(memory), now, policy);
    RC_ASSERT(state.points.size() <= policy.points);
    RC_ASSERT(std::ranges::is_sorted(state.points, std::less<>(), &LeakPoint::requests));
  }
}

}  // namespace
}  // namespace hearth::engines
