#include <hearth/engines/decisions.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace hearth::engines {
namespace {

const SteadyTime kNow = SteadyTime() + Seconds(1'000'000);
const SteadyTime kNever = SteadyTime::max();

TEST(Admission, EntersWhileThereIsAPlace) {
  const Load load{.state = State::ready, .in_flight = 1, .slots = 2};
  EXPECT_EQ(admit(load, kNow, kNever), Verdict::enter);
}

TEST(Admission, WaitsBehindOthersEvenWhenAPlaceIsFree) {
  const Load load{.state = State::ready, .in_flight = 1, .slots = 2, .queued = 1};
  EXPECT_EQ(admit(load, kNow, kNever), Verdict::wait);
}

TEST(Admission, RefusesPastTheQueue) {
  Load load{.state = State::ready, .in_flight = 1, .slots = 1, .queued = 3, .queue_limit = 3};
  EXPECT_EQ(admit(load, kNow, kNever), Verdict::queue_full);
  load.queued = 2;
  EXPECT_EQ(admit(load, kNow, kNever), Verdict::wait);
}

TEST(Admission, AStartingEngineTakesAsManyAsWillEnterAtOnce) {
  Load load{.state = State::starting, .slots = 2, .queued = 1, .queue_limit = 0};
  EXPECT_EQ(admit(load, kNow, kNever), Verdict::wait);
  load.queued = 2;
  EXPECT_EQ(admit(load, kNow, kNever), Verdict::queue_full);
}

TEST(Admission, KnowsWhenItIsHopeless) {
  EXPECT_EQ(admit({.state = State::absent}, kNow, kNever), Verdict::never);
  EXPECT_EQ(admit({.state = State::quarantined}, kNow, kNever), Verdict::not_soon);
  EXPECT_EQ(admit({.state = State::ready}, kNow, kNow), Verdict::too_late);
  const Load resting{.state = State::backoff, .next_try = kNow + Seconds(20)};
  EXPECT_EQ(admit(resting, kNow, kNow + Seconds(10)), Verdict::not_soon);
  EXPECT_EQ(admit(resting, kNow, kNow + Seconds(60)), Verdict::wait);
  const Load busy{.state = State::ready, .in_flight = 1, .slots = 1, .queued = 50, .service_time = Millis(1'000)};
  EXPECT_EQ(admit(busy, kNow, kNow + Seconds(5)), Verdict::too_late);
  EXPECT_EQ(admit(busy, kNow, kNow + Seconds(60)), Verdict::wait);
}

TEST(Admission, RetryAfterFollowsTheQueue) {
  const Load busy{.state = State::ready, .in_flight = 2, .slots = 2, .queued = 9, .service_time = Millis(1'000)};
  EXPECT_EQ(retry_after(busy, kNow), Seconds(5));
  EXPECT_EQ(retry_after({.state = State::quarantined, .next_try = kNow + Seconds(90)}, kNow), Seconds(90));
  EXPECT_EQ(retry_after({}, kNow), Seconds(1));
}

RC_GTEST_PROP(AdmissionProperty, NeverMoreThanSlotsAndQueue, ()) {
  Load load;
  load.state = State::ready;
  load.slots = *rc::gen::inRange<std::uint32_t>(1, 8);
  load.queue_limit = *rc::gen::inRange<std::uint32_t>(0, 8);
  load.in_flight = *rc::gen::inRange<std::uint32_t>(0, 8);
  load.queued = *rc::gen::inRange<std::uint32_t>(0, 8);
  load.suspect = *rc::gen::arbitrary<bool>();
  const Verdict verdict = admit(load, kNow, kNever);
  if (verdict == Verdict::enter) RC_ASSERT(load.in_flight < load.slots && !load.suspect);
  if (verdict == Verdict::wait) RC_ASSERT(load.queued < load.queue_limit);
  const Seconds pause = retry_after(load, kNow);
  RC_ASSERT(pause >= Seconds(1) && pause <= Seconds(600));
}

}  // namespace
}  // namespace hearth::engines
