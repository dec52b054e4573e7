#include <hearth/spend/calendar.h>

#include <gtest/gtest.h>

#include <chrono>

namespace hearth::spend {
namespace {

using config::Period;

WallTime utc(std::string_view day, int hour, int minute = 0) {
  return WallTime(std::chrono::days(*parse_day(day)) + std::chrono::hours(hour) + std::chrono::minutes(minute));
}

TEST(CalendarTest, DaysAreWrittenAndRead) {
  EXPECT_EQ(to_string(0), "1970-01-01");
  EXPECT_EQ(parse_day("2026-11-27"), 20784);
  EXPECT_EQ(to_string(20784), "2026-11-27");
  for (const char* wrong : {"", "2026-11-2", "2026-13-01", "2026-02-29", "2026/11/27", "1969-12-31", "2201-01-01",
                            "-026-11-27", "2026-+1-27"})
    EXPECT_EQ(parse_day(wrong), std::nullopt) << wrong;
}

TEST(CalendarTest, ADayBeginsAtTheBoxsMidnight) {
  const auto berlin = Calendar::of("Europe/Berlin");
  const auto shanghai = Calendar::of("Asia/Shanghai");
  ASSERT_TRUE(berlin && shanghai);
  const WallTime evening = utc("2026-11-27", 17, 30);
  EXPECT_EQ(to_string(Calendar::utc().day_of(evening)), "2026-11-27");
  EXPECT_EQ(to_string(berlin->day_of(evening)), "2026-11-27");
  EXPECT_EQ(to_string(shanghai->day_of(evening)), "2026-11-28");
  EXPECT_EQ(berlin->local_minute(evening), "2026-11-27 18:30");
  EXPECT_EQ(*shanghai->end_of(Period::day, *parse_day("2026-11-28")), utc("2026-11-28", 16));
}

TEST(CalendarTest, DaysWithAnotherHourAreAsLongAsTheyAre) {
  const auto berlin = Calendar::of("Europe/Berlin");
  ASSERT_TRUE(berlin);
  const Day spring = *parse_day("2026-03-29");
  EXPECT_EQ(*berlin->end_of(Period::day, spring) - *berlin->end_of(Period::day, spring - 1), std::chrono::hours(23));
  const Day autumn = *parse_day("2026-10-25");
  EXPECT_EQ(*berlin->end_of(Period::day, autumn) - *berlin->end_of(Period::day, autumn - 1), std::chrono::hours(25));
}

TEST(CalendarTest, AMidnightThatDoesNotExistIsTheNextMoment) {
  const auto cairo = Calendar::of("Africa/Cairo");  // puts its clocks forward at midnight
  ASSERT_TRUE(cairo);
  const Day day = *parse_day("2026-04-24");
  const WallTime begins = *cairo->end_of(Period::day, day - 1);
  EXPECT_EQ(cairo->day_of(begins), day);
  EXPECT_EQ(cairo->day_of(begins - std::chrono::seconds(1)), day - 1);
}

TEST(CalendarTest, PeriodsBeginAndEnd) {
  const Day day = *parse_day("2026-12-15");
  EXPECT_EQ(to_string(Calendar::first_day(Period::month, day)), "2026-12-01");
  EXPECT_EQ(Calendar::first_day(Period::day, day), day);
  EXPECT_EQ(Calendar::first_day(Period::total, day), 0);
  EXPECT_EQ(*Calendar::utc().end_of(Period::month, *parse_day("2026-12-01")), utc("2027-01-01", 0));
  EXPECT_EQ(Calendar::utc().end_of(Period::total, 0), std::nullopt);
}

TEST(CalendarTest, AnUnknownZoneIsAnError) {
  const auto nowhere = Calendar::of("Middle/Earth");
  ASSERT_FALSE(nowhere);
  EXPECT_TRUE(nowhere.error().is(Errc::not_found));
}

}  // namespace
}  // namespace hearth::spend
