#include "when.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace hearth::tool {
namespace {

class When : public testing::Test {
 protected:
  // A place with summer time, where that matters.
  void SetUp() override {
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
  }
  void TearDown() override {
    unsetenv("TZ");
    tzset();
  }
  static std::string parsed(std::string_view text) {
    const WallTime now{std::chrono::seconds(1'764'232'200)};  // 2025-11-27 08:30 UTC
    const auto t = parse_when(text, now);
    return t ? format_rfc3339(*t).substr(0, 19) : "no time";
  }
};

TEST_F(When, ReadsWhatPeopleWrite) {
  EXPECT_EQ(parsed("24h"), "2025-11-26T08:30:00");
  EXPECT_EQ(parsed("7d"), "2025-11-20T08:30:00");
  EXPECT_EQ(parsed("today"), "2025-11-26T23:00:00");
  EXPECT_EQ(parsed("yesterday"), "2025-11-25T23:00:00");
  EXPECT_EQ(parsed("2025-11-21"), "2025-11-20T23:00:00");
  EXPECT_EQ(parsed("2025-07-01"), "2025-06-30T22:00:00");
  EXPECT_EQ(parsed("2025-11-21 08:30"), "2025-11-21T07:30:00");
  EXPECT_EQ(parsed("2025-11-21T08:30:15"), "2025-11-21T07:30:15");
  EXPECT_EQ(parsed("2025-11-21T08:30Z"), "2025-11-21T08:30:00");
}

TEST_F(When, RefusesTheRest) {
  for (const char* bad :
       {"", "whenever", "-3d", "2025", "2025-11", "2025-13-01", "2025-02-30", "2025-11-21 08", "2025-11-21 ",
        "2025-11-21 25:00", "2025-11-21 08:30:15 ", "2025-11-21x", "0000-01-01", "99999999d"})
    EXPECT_EQ(parsed(bad), "no time") << bad;
}

}  // namespace
}  // namespace hearth::tool
