#include <hearth/config/route_step.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::config {
namespace {

using testing::HasSubstr;

std::string mistake(std::string_view text) {
  const auto step = parse_route_step(text);
  return step ? "no mistake" : step.error().message();
}

TEST(RouteStep, AModelAlone) {
  const auto step = parse_route_step("  openai/gpt-5 ");
  ASSERT_TRUE(step);
  EXPECT_EQ(step->model, "openai/gpt-5");
  EXPECT_TRUE(holds(*step, {}));
}

TEST(RouteStep, ConditionsHoldTogether) {
  const auto step = parse_route_step(
      "local if size<8k and size>=1k and class<=internal and no tools and images and hours 22:00-06:00");
  ASSERT_TRUE(step) << step.error().message();
  const RouteFacts good{2'000, DataClass::internal, 23 * 60, false, true};
  EXPECT_TRUE(holds(*step, good));
  RouteFacts facts = good;
  facts.size = 8'000;
  EXPECT_FALSE(holds(*step, facts));
  facts.size = 999;
  EXPECT_FALSE(holds(*step, facts));
  facts = good;
  facts.data_class = DataClass::personal;
  EXPECT_FALSE(holds(*step, facts));
  facts = good;
  facts.tools = true;
  EXPECT_FALSE(holds(*step, facts));
  facts = good;
  facts.images = false;
  EXPECT_FALSE(holds(*step, facts));
}

TEST(RouteStep, HoursMayGoOverMidnight) {
  const auto night = parse_route_step("m if hours 22:00-06:00");
  const auto day = parse_route_step("m if hours 06:00-22:00");
  ASSERT_TRUE(night && day);
  for (int minute = 0; minute < 24 * 60; ++minute) {
    RouteFacts facts;
    facts.minute_of_day = minute;
    EXPECT_NE(holds(*night, facts), holds(*day, facts)) << minute;
  }
  RouteFacts facts;
  facts.minute_of_day = 22 * 60;
  EXPECT_TRUE(holds(*night, facts));
  facts.minute_of_day = 6 * 60;
  EXPECT_FALSE(holds(*night, facts));
}

TEST(RouteStep, MistakesAreNamed) {
  EXPECT_THAT(mistake(""), HasSubstr("names a model"));
  EXPECT_THAT(mistake("m when size<1"), HasSubstr("must come: if"));
  EXPECT_THAT(mistake("m if"), HasSubstr("must come: if"));
  EXPECT_THAT(mistake("m if size=8"), HasSubstr("like size<8k"));
  EXPECT_THAT(mistake("m if size<8G"), HasSubstr("like size<8k"));
  EXPECT_THAT(mistake("m if class<internal"), HasSubstr("class<=internal"));
  EXPECT_THAT(mistake("m if class<=shared"), HasSubstr("classes are"));
  EXPECT_THAT(mistake("m if hours 25:00-06:00"), HasSubstr("hours 22:00-06:00"));
  EXPECT_THAT(mistake("m if hours 06:00-06:00"), HasSubstr("hours 22:00-06:00"));
  EXPECT_THAT(mistake("m if hours"), HasSubstr("hours 22:00-06:00"));
  EXPECT_THAT(mistake("m if colour"), HasSubstr("is no condition"));
  EXPECT_THAT(mistake("m if no size<8k"), HasSubstr("is no condition"));
  EXPECT_THAT(mistake("m if tools or images"), HasSubstr("joined by 'and'"));
  EXPECT_THAT(mistake("m if tools and"), HasSubstr("joined by 'and'"));
  EXPECT_THAT(mistake("m if size<1k and size>=2k"), HasSubstr("never hold"));
  EXPECT_THAT(mistake(std::string(500, 'm')), HasSubstr("too long"));
}

}  // namespace
}  // namespace hearth::config
