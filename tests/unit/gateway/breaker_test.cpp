#include <hearth/gateway/breaker.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace hearth::gateway {
namespace {

using namespace std::chrono_literals;
using State = Breaker::State;

constexpr SteadyTime kStart{1h};

TEST(Breaker, OpensAfterFailuresInARowAndIsTriedWithOneCall) {
  Breaker breaker;
  for (int i = 0; i < 4; ++i) breaker.failed(kStart, 1);
  EXPECT_EQ(breaker.state(kStart), State::closed);
  breaker.failed(kStart, 1);
  EXPECT_EQ(breaker.state(kStart), State::open);
  EXPECT_FALSE(breaker.admit(kStart));
  EXPECT_EQ(breaker.rest(kStart), 1000ms);
  EXPECT_EQ(breaker.state(kStart + 1s), State::half_open);
  EXPECT_TRUE(breaker.admit(kStart + 1s));
  EXPECT_FALSE(breaker.admit(kStart + 1s));
  breaker.succeeded();
  EXPECT_EQ(breaker.state(kStart + 1s), State::closed);
  EXPECT_TRUE(breaker.admit(kStart + 1s));
}

TEST(Breaker, RestsGrowWhileItFails) {
  Breaker breaker;
  for (int i = 0; i < 5; ++i) breaker.failed(kStart, 1);
  SteadyTime now = kStart;
  Millis last{0};
  for (int i = 0; i < 10; ++i) {
    const Millis rest = breaker.rest(now);
    EXPECT_GE(rest, last);
    EXPECT_LE(rest, 60s);
    last = rest;
    now += rest;
    ASSERT_TRUE(breaker.admit(now));
    breaker.failed(now, 1);
  }
  EXPECT_EQ(breaker.rest(now), 60s);
}

TEST(Breaker, OpensWhenMostOfTheLastCallsFail) {
  Breaker breaker;
  int failures = 0;
  for (int i = 0; i < 30 && breaker.state(kStart) == State::closed; ++i) {
    if (i % 3 == 0) {
      breaker.succeeded();
    } else {
      breaker.failed(kStart, 0);
      ++failures;
    }
  }
  EXPECT_EQ(breaker.state(kStart), State::open);
  EXPECT_EQ(failures, 10);
}

TEST(Breaker, ATrialWhoseClientLeftIsNone) {
  Breaker breaker;
  for (int i = 0; i < 5; ++i) breaker.failed(kStart, 0);
  const SteadyTime later = kStart + 1s;
  ASSERT_TRUE(breaker.admit(later));
  breaker.withdrawn();
  EXPECT_TRUE(breaker.admit(later));
}

TEST(Breaker, RestsAsItIsTold) {
  Breaker breaker;
  breaker.told_to_rest(kStart, 5s);
  EXPECT_FALSE(breaker.admit(kStart + 4s));
  EXPECT_TRUE(breaker.admit(kStart + 5s));
}

// In any course of events the rest is bounded, and after it one call is admitted.
TEST(Breaker, AlwaysComesBack) {
  const bool held = rc::check("a breaker never stays open", [] {
    Breaker breaker;
    SteadyTime now = kStart;
    const auto events = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5));
    for (const int event : events) {
      now += Millis(*rc::gen::inRange(0, 5000));
      const double chance = *rc::gen::inRange(0, 100) / 100.0;
      if (event == 0) breaker.succeeded();
      if (event == 1) breaker.failed(now, chance);
      if (event == 2) breaker.withdrawn();
      if (event == 3) breaker.told_to_rest(now, Millis(*rc::gen::inRange(0, 200'000)));
      if (event == 4 && breaker.admit(now)) breaker.failed(now, chance);
      RC_ASSERT(breaker.rest(now) <= 60s);
      Breaker later = breaker;
      later.withdrawn();  // whoever tries it comes to an end
      RC_ASSERT(later.admit(now + breaker.rest(now)));
    }
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace hearth::gateway
