#include "pace.h"

#include <gtest/gtest.h>

namespace hearth::engines {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime kStart{1h};

TEST(Pace, LearnsFromRequestsThatWereAlone) {
  Pace pace(kStart);
  SteadyTime now = kStart;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(pace.seconds(), std::nullopt);
    pace.began(now);
    now += 2s;
    pace.ended(now, true);
  }
  ASSERT_TRUE(pace.seconds());
  EXPECT_DOUBLE_EQ(*pace.seconds(), 2.0);
  pace.began(now);
  pace.began(now);
  pace.ended(now + 30s, true);
  pace.ended(now + 60s, true);  // two at once
  EXPECT_DOUBLE_EQ(*pace.seconds(), 2.0);
  pace.began(now + 60s);
  pace.ended(now + 90s, false);  // no answer
  EXPECT_DOUBLE_EQ(*pace.seconds(), 2.0);
}

TEST(Pace, KnowsWhatPartOfTheTimeItHadWork) {
  Pace pace(kStart);
  pace.began(kStart);
  EXPECT_EQ(pace.activity(kStart + 599s), std::nullopt);
  EXPECT_DOUBLE_EQ(pace.activity(kStart + 600s).value(), 1.0);
  pace.began(kStart + 100s);
  pace.ended(kStart + 200s, true);
  pace.ended(kStart + 300s, true);
  EXPECT_DOUBLE_EQ(pace.activity(kStart + 600s).value(), 0.5);
  pace.ended(kStart + 700s, true);  // nobody's
  EXPECT_DOUBLE_EQ(pace.activity(kStart + 1200s).value(), 0.25);
}

}  // namespace
}  // namespace hearth::engines
