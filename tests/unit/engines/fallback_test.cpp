#include <hearth/engines/fallback.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace hearth::engines {
namespace {

const SteadyTime kStart = SteadyTime() + Seconds(1'000'000);
constexpr std::uint64_t kGiB = 1ULL << 30;
const LadderPolicy kPolicy;

Ladder full() {
  Ladder ladder;
  ladder.rungs = {{RungKind::as_configured, "b4123", true, true, 6 * kGiB},
                  {RungKind::other_version, "b4000", true, true, 6 * kGiB},
                  {RungKind::other_model, "4b", true, true, 3 * kGiB},
                  {RungKind::other_model, "0.5b", true, true, kGiB},
                  {RungKind::other_upstream, "box-2", true, true, 0}};
  return ladder;
}

FallbackStep fail(Ladder& ladder, Trouble trouble, std::uint64_t free, SteadyTime now) {
  ladder = record(std::move(ladder), trouble, now, kPolicy);
  FallbackStep step = fall_back(ladder, trouble, free, now, kPolicy);
  if (step.to) ladder.current = *step.to;
  return step;
}

TEST(Fallback, GoesDownOneByOne) {
  Ladder ladder = full();
  for (std::size_t i = 1; i < ladder.rungs.size(); ++i) {
    const FallbackStep step = fail(ladder, Trouble::crash_loop, 8 * kGiB, kStart + Seconds(i));
    ASSERT_EQ(step.to, i);
    EXPECT_NE(step.why.find(ladder.rungs[i].name), std::string::npos) << step.why;
  }
  const FallbackStep last = fail(ladder, Trouble::crash_loop, 8 * kGiB, kStart + Seconds(9));
  EXPECT_FALSE(last.to);
  EXPECT_NE(last.why.find("nothing else"), std::string::npos) << last.why;
}

TEST(Fallback, AgainstWantOfMemoryOnlyWhatNeedsLessHelps) {
  Ladder ladder = full();
  EXPECT_EQ(fail(ladder, Trouble::no_memory, 2 * kGiB, kStart).to, 3U);
  ladder = full();
  EXPECT_EQ(fail(ladder, Trouble::no_memory, kGiB / 2, kStart).to, 4U);
  ladder = full();
  EXPECT_EQ(fail(ladder, Trouble::no_memory, 8 * kGiB, kStart).to, 2U) << "another version needs the same";
}

TEST(Fallback, WhatPolicyForbidsIsNotTried) {
  Ladder ladder = full();
  for (std::size_t i = 1; i < 4; ++i) ladder.rungs[i].available = false;
  ladder.rungs[4].allowed = false;
  EXPECT_FALSE(fail(ladder, Trouble::absent, 8 * kGiB, kStart).to);
}

TEST(Fallback, ClimbsBackWhenThePreferredIsForgiven) {
  Ladder ladder = full();
  ladder.rungs[1].available = ladder.rungs[2].available = false;
  fail(ladder, Trouble::stalls, 8 * kGiB, kStart);
  EXPECT_EQ(ladder.current, 3U);
  EXPECT_FALSE(climb_back(ladder, 8 * kGiB, kStart + kPolicy.forgive - Millis(1), kPolicy));
  EXPECT_EQ(climb_back(ladder, 8 * kGiB, kStart + kPolicy.forgive, kPolicy), 0U);
  EXPECT_FALSE(climb_back(ladder, 2 * kGiB, kStart + kPolicy.forgive, kPolicy)) << "it would not fit";
  // It fails again: twice as long.
  ladder.current = 0;
  const SteadyTime again = kStart + kPolicy.forgive;
  fail(ladder, Trouble::stalls, 8 * kGiB, again);
  EXPECT_FALSE(climb_back(ladder, 8 * kGiB, again + kPolicy.forgive, kPolicy));
  EXPECT_EQ(climb_back(ladder, 8 * kGiB, again + 2 * kPolicy.forgive, kPolicy), 0U);
}

RC_GTEST_PROP(FallbackProperty, StepsAreUsableAndNeverGoRoundInCircles, ()) {
  Ladder ladder;
  const int rungs = *rc::gen::inRange(1, 7);
  for (int i = 0; i < rungs; ++i) {
    Rung rung;
    rung.kind = static_cast<RungKind>(i == 0 ? 0 : *rc::gen::inRange(1, 4));
    rung.name = std::string(1, static_cast<char>('a' + i));
    rung.available = *rc::gen::inRange(0, 4) != 0;
    rung.allowed = *rc::gen::inRange(0, 4) != 0;
    rung.memory = *rc::gen::inRange<std::uint64_t>(0, 10);
    ladder.rungs.push_back(rung);
  }
  const auto free = *rc::gen::inRange<std::uint64_t>(0, 10);
  // Within the time of punishment no rung is tried twice, so it ends.
  std::set<std::size_t> tried{0};
  for (;;) {
    const auto trouble = static_cast<Trouble>(*rc::gen::inRange(0, 5));
    const FallbackStep step = fail(ladder, trouble, free, kStart);
    RC_ASSERT(!step.why.empty());
    if (!step.to) break;
    const Rung& to = ladder.rungs[*step.to];
    RC_ASSERT(to.available);
    RC_ASSERT(to.allowed);
    RC_ASSERT(to.kind == RungKind::other_upstream || to.memory <= free);
    RC_ASSERT(tried.insert(*step.to).second);
  }
  const auto up = climb_back(ladder, free, kStart, kPolicy);
  RC_ASSERT(!up || (*up < ladder.current && !tried.contains(*up)));
}

RC_GTEST_PROP(FallbackProperty, TheRecordIsBounded, ()) {
  Ladder ladder = full();
  const int times = *rc::gen::inRange(0, 300);
  for (int i = 0; i < times; ++i) ladder = record(std::move(ladder), Trouble::stalls, kStart + Seconds(i), kPolicy);
  RC_ASSERT(ladder.mishaps.size() <= kPolicy.remembered);
  if (times > 0) RC_ASSERT(ladder.mishaps.back().at == kStart + Seconds(times - 1));
}

}  // namespace
}  // namespace hearth::engines
