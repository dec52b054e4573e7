#include <hearth/deferred/preferences.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

namespace hearth::deferred {
namespace {

constexpr WallTime kNow{Seconds(1'795'000'000)};  // 2026-11-18T…

TEST(Prefer, RespondAsyncAndWait) {
  EXPECT_FALSE(parse_prefer("").respond_async);
  EXPECT_TRUE(parse_prefer("respond-async").respond_async);
  EXPECT_TRUE(parse_prefer("Respond-Async").respond_async);
  const Preferences both = parse_prefer("respond-async, wait=10");
  EXPECT_TRUE(both.respond_async);
  EXPECT_EQ(both.wait, Seconds(10));
  EXPECT_EQ(parse_prefer("wait = \"7\" ; x=y,respond-async").wait, Seconds(7));
  EXPECT_EQ(parse_prefer("wait=5, wait=9").wait, Seconds(5)) << "the first one counts";
  EXPECT_EQ(parse_prefer("wait=99999999").wait, Seconds(600));
}

TEST(Prefer, WhatIsNotUnderstoodIsPassedOver) {
  EXPECT_TRUE(parse_prefer("handling=lenient; a=\"b,respond-async\", respond-async").respond_async);
  EXPECT_FALSE(parse_prefer("x=\"respond-async, respond-async\"").respond_async);
  EXPECT_FALSE(parse_prefer("x=\"\\\", respond-async").respond_async) << "the string never ends";
  for (const char* text : {"wait=-1", "wait=", "wait=a", "wait=1.5", "wait", "wait=999999999999999999999"})
    EXPECT_FALSE(parse_prefer(text).wait) << text;
}

RC_GTEST_PROP(Moments, ATimeIsReadAsItIsWritten, ()) {
  const auto millis = *rc::gen::inRange<std::int64_t>(0, 7'000'000'000'000);
  const WallTime t{Millis(millis)};
  RC_ASSERT(parse_rfc3339(format_rfc3339(t)).value() == t);
}

TEST(Moments, OffsetsAndFractions) {
  const WallTime t = parse_rfc3339("2026-11-27T22:00:00Z").value();
  EXPECT_EQ(parse_rfc3339("2026-11-27t23:30:00+01:30"), t);
  EXPECT_EQ(parse_rfc3339("2026-11-27 17:00:00-05:00"), t);
  EXPECT_EQ(parse_rfc3339("2026-11-27T22:00:00.123456789Z"), t + Millis(123));
  EXPECT_EQ(parse_rfc3339("2026-11-27T22:00:00.5Z"), t + Millis(500));
}

TEST(Moments, WhatIsNoTime) {
  for (const char* text : {"", "2026-11-27", "2026-11-27T22:00:00", "2026-13-27T22:00:00Z", "2026-02-30T22:00:00Z",
                           "2026-11-27T24:00:00Z", "2026-11-27T22:00:00Zx", "2026-11-27T22:00:00.Z",
                           "9999-11-27T22:00:00Z", "2026-11-27T22:00:00+24:00", "+026-11-27T22:00:00Z", "tomorrow"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

TEST(Moments, ADurationOrATime) {
  EXPECT_EQ(parse_moment("90", kNow), kNow + Seconds(90));
  EXPECT_EQ(parse_moment(" 6h ", kNow), kNow + std::chrono::hours(6));
  EXPECT_EQ(parse_moment("2026-11-27T22:00:00Z", kNow), parse_rfc3339("2026-11-27T22:00:00Z").value());
  for (const char* text : {"", "soon", "-5", "4000d", "2199-11-27T22:00:00Z", "nan", "1e300"})
    EXPECT_FALSE(parse_moment(text, kNow)) << text;
}

TEST(CheapHours, AreRead) {
  EXPECT_EQ(parse_hours("22:00-06:00"), (Hours{22 * 60, 6 * 60}));
  EXPECT_EQ(parse_hours("18:30-24:00"), (Hours{18 * 60 + 30, 0}));
  for (const char* text : {"", "22-6", "22:00-25:00", "22:00-24:01", "24:00-01:00", "22:60-23:00", "22:00-06:00 "})
    EXPECT_FALSE(parse_hours(text)) << text;
}

class CheapHoursIn : public testing::TestWithParam<const char*> {
 public:
  void SetUp() override {
    if (const char* before = std::getenv("TZ"); before != nullptr) before_ = before;
    ::setenv("TZ", GetParam(), 1);
    ::tzset();
  }
  void TearDown() override {
    if (before_.empty()) {
      ::unsetenv("TZ");
    } else {
      ::setenv("TZ", before_.c_str(), 1);
    }
    ::tzset();
  }

 private:
  std::string before_;
};

// Every half hour of a year, with the changes of the clock in it: the next cheap moment is now or later, within a day
// and an hour, and it is cheap.
TEST_P(CheapHoursIn, TheNextOneIsNearAndCheap) {
  const std::vector<Hours> hours{{22 * 60, 6 * 60}, {13 * 60, 14 * 60}};
  for (int i = 0; i < 2 * 24 * 366; ++i) {
    const WallTime now = kNow + i * std::chrono::minutes(30);
    const WallTime next = next_within(hours, now).value();
    ASSERT_GE(next, now);
    ASSERT_LE(next, now + std::chrono::hours(25));
    ASSERT_EQ(next_within(hours, next), next) << format_rfc3339(now) << " " << format_rfc3339(next);
  }
}
INSTANTIATE_TEST_SUITE_P(Zones, CheapHoursIn,
                         testing::Values("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"));

TEST(CheapHours, OfNoneThereIsNoNext) {
  EXPECT_EQ(next_within({}, kNow), std::nullopt);
}

}  // namespace
}  // namespace hearth::deferred
