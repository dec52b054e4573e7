#include <hearth/core/clock.h>

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(Clock, WritesRfc3339InUtc) {
  EXPECT_EQ(format_rfc3339(WallTime{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(WallTime{} + Millis(951'782'400'123)), "2000-02-29T00:00:00.123Z");
  EXPECT_EQ(format_rfc3339(WallTime{} - Millis(1)), "1969-12-31T23:59:59.999Z");
}

TEST(Clock, UnixSecondsRoundDown) {
  EXPECT_EQ(unix_seconds(WallTime{} + Millis(1999)), 1);
  EXPECT_EQ(unix_seconds(WallTime{} - Millis(1)), -1);
}

TEST(Clock, ADeadlineIsOnlyEverShortened) {
  const Deadline soon = Deadline::at(SteadyTime{} + Seconds(1));
  const Deadline late = Deadline::at(SteadyTime{} + Seconds(2));
  EXPECT_EQ(soon.sooner_of(late).time(), soon.time());
  EXPECT_EQ(late.sooner_of(soon).time(), soon.time());
  EXPECT_EQ(Deadline::never().sooner_of(late).time(), late.time());
  EXPECT_TRUE(Deadline::never().is_never());
  EXPECT_FALSE(Deadline::never().passed());
  EXPECT_TRUE(Deadline::at(SteadyTime{}).passed());
  EXPECT_FALSE(Deadline::in(std::chrono::hours(1)).passed());
}

}  // namespace
}  // namespace hearth
