#include <hearth/gateway/pace.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

namespace hearth::gateway {
namespace {

const SteadyTime kBegin{std::chrono::hours(1)};

Pace::Answer streamed(double first_byte) {
  return {.first_byte = first_byte, .seconds = first_byte + 1, .output_tokens = 0};
}

TEST(Pace, NothingIsKnownOfWhoWasNotAsked) {
  const Pace pace;
  const Pace::Figures figures = pace.at(kBegin);
  EXPECT_FALSE(figures.first_byte || figures.tokens_per_second || figures.failing);
}

TEST(Pace, BeginsWithTheMean) {
  Pace pace;
  for (const double seconds : {1.0, 2.0, 6.0}) pace.answered(streamed(seconds), kBegin);
  EXPECT_DOUBLE_EQ(pace.at(kBegin).first_byte.value(), 3.0);
  EXPECT_DOUBLE_EQ(pace.at(kBegin).failing.value(), 0.0);
  EXPECT_FALSE(pace.at(kBegin).tokens_per_second);  // nobody said how many there were
  pace.failed(kBegin);
  EXPECT_DOUBLE_EQ(pace.at(kBegin).failing.value(), 0.25);
}

TEST(Pace, AnAnswerThatComesWholeSaysNothingOfItsFirstByte) {
  Pace pace;
  pace.answered({.first_byte = {}, .seconds = 2, .output_tokens = 100}, kBegin);
  EXPECT_FALSE(pace.at(kBegin).first_byte);
  EXPECT_DOUBLE_EQ(pace.at(kBegin).tokens_per_second.value(), 50.0);
}

TEST(Pace, IsForgottenAfterAWhile) {
  Pace pace;
  pace.answered(streamed(30), kBegin);
  EXPECT_TRUE(pace.at(kBegin + std::chrono::minutes(10)).first_byte);
  const SteadyTime later = kBegin + std::chrono::minutes(11);
  EXPECT_FALSE(pace.at(later).first_byte);
  pace.answered(streamed(1), later);
  EXPECT_DOUBLE_EQ(pace.at(later).first_byte.value(), 1.0);  // not drawn towards what it was
}

// Whatever came in whatever order: an estimate is among what was measured, follows a lasting change, and the share of
// failures is one.
TEST(Pace, StaysWithinWhatWasMeasured) {
  const bool held = rc::check("an estimate lies between the least and the most", [] {
    Pace pace;
    const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 100'000)));
    SteadyTime now = kBegin;
    for (const int ms : values) {
      now += Millis(*rc::gen::inRange(0, 60'000));
      if (*rc::gen::arbitrary<bool>()) pace.failed(now);
      pace.answered(streamed(ms / 1000.0), now);
    }
    const auto [least, most] = std::ranges::minmax(values);
    const Pace::Figures figures = pace.at(now);
    RC_ASSERT(*figures.first_byte >= least / 1000.0 - 1e-9 && *figures.first_byte <= most / 1000.0 + 1e-9);
    RC_ASSERT(*figures.failing >= 0 && *figures.failing <= 1);
    constexpr double kChanged = 7;
    for (int i = 0; i < 60; ++i) pace.answered(streamed(kChanged), now);
    RC_ASSERT(std::abs(*pace.at(now).first_byte - kChanged) < 0.01);
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace hearth::gateway
