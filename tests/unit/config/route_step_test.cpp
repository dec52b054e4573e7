#include <hearth/config/route_step.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>

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
  EXPECT_EQ(unmet(*step, RouteFacts()), "");
  EXPECT_EQ(unmet(*step, ModelFacts()), "");
}

TEST(RouteStep, ConditionsHoldTogether) {
  const auto step = parse_route_step(
      "local if size<8k and size>=1k and class<=internal and no tools and images and hours 22:00-06:00");
  ASSERT_TRUE(step) << step.error().message();
  const RouteFacts good{2'000, DataClass::internal, 23 * 60, false, true};
  EXPECT_EQ(unmet(*step, good), "");
  RouteFacts facts = good;
  facts.size = 8'000;
  EXPECT_EQ(unmet(*step, facts), "size<8k: the request has 8000 bytes");
  facts.size = 999;
  EXPECT_EQ(unmet(*step, facts), "size>=1k: the request has 999 bytes");
  facts = good;
  facts.data_class = DataClass::personal;
  EXPECT_EQ(unmet(*step, facts), "class<=internal: the data are personal");
  facts = good;
  facts.tools = true;
  EXPECT_EQ(unmet(*step, facts), "no tools: the request has tools");
  facts = good;
  facts.images = false;
  EXPECT_EQ(unmet(*step, facts), "images: the request has none");
}

TEST(RouteStep, HoursMayGoOverMidnight) {
  const auto night = parse_route_step("m if hours 22:00-06:00");
  const auto day = parse_route_step("m if hours 06:00-22:00");
  ASSERT_TRUE(night && day);
  for (int minute = 0; minute < 24 * 60; ++minute) {
    RouteFacts facts;
    facts.minute_of_day = minute;
    EXPECT_NE(unmet(*night, facts).empty(), unmet(*day, facts).empty()) << minute;
  }
  RouteFacts facts;
  facts.minute_of_day = 22 * 60;
  EXPECT_EQ(unmet(*night, facts), "");
  facts.minute_of_day = 6 * 60;
  EXPECT_EQ(unmet(*night, facts), "hours 22:00-06:00: it is 06:00");
}

TEST(RouteStep, TheLineToTheWorld) {
  const auto out = parse_route_step("cloud/m if online and no metered");
  const auto home = parse_route_step("m if no online");
  ASSERT_TRUE(out && home);
  RouteFacts facts;
  EXPECT_EQ(unmet(*out, facts), "");
  EXPECT_EQ(unmet(*home, facts), "no online: the world outside can be reached");
  facts.metered = true;
  EXPECT_EQ(unmet(*out, facts), "no metered: the line is metered");
  facts = {.online = false};
  EXPECT_EQ(unmet(*out, facts), "online: the world outside cannot be reached");
  EXPECT_EQ(unmet(*home, facts), "");
}

TEST(RouteStep, APriceIsComparedInItsCurrency) {
  const auto step = parse_route_step("cloud/m if price<0.02USD");
  ASSERT_TRUE(step) << step.error().message();
  const auto said = [&](std::optional<Price> price) { return unmet(*step, ModelFacts{std::move(price)}); };
  EXPECT_EQ(said(Price{"USD", 19'999'999}), "");
  EXPECT_EQ(said(Price{}), "");  // whoever costs nothing costs nothing in any currency
  EXPECT_EQ(said(Price{"USD", 20'000'000}), "price<0.02USD: it would ask for about 0.02 USD");
  EXPECT_EQ(said(Price{"CNY", 1}), "price<0.02USD: it would ask for about 0.000000001 CNY");
  EXPECT_EQ(said(std::nullopt), "price<0.02USD: nobody knows its price");
}

TEST(RouteStep, WhoWasNotMeasuredIsNotSlow) {
  const auto step = parse_route_step("cloud/m if first_byte<2s and price<1USD");
  ASSERT_TRUE(step) << step.error().message();
  const auto said = [&](std::optional<double> first_byte) {
    return unmet(*step, ModelFacts{.price = Price{}, .first_byte = first_byte});
  };
  EXPECT_EQ(said(std::nullopt), "");
  EXPECT_EQ(said(1.99), "");
  EXPECT_EQ(said(3.25), "first_byte<2s: it took 3.25 s lately");
  EXPECT_THAT(unmet(*step, ModelFacts{.price = {}, .first_byte = 9}), HasSubstr("price<"));  // the first is told
}

TEST(RouteStep, QualityIsWhatSomebodySaid) {
  const auto step = parse_route_step("any if quality>=0.7");
  ASSERT_TRUE(step) << step.error().message();
  const auto said = [&](std::optional<double> quality) { return unmet(*step, ModelFacts{.quality = quality}); };
  EXPECT_EQ(said(0.7), "");
  EXPECT_EQ(said(0.65), "quality>=0.7: it is held to be 0.65");
  EXPECT_EQ(said(std::nullopt), "quality>=0.7: nobody said how good it is");
  const auto quality = parse_quality(" openai/gpt-5  0.9");
  ASSERT_TRUE(quality);
  EXPECT_EQ(quality->model, "openai/gpt-5");
  EXPECT_EQ(quality->figure, 0.9);
  for (const char* wrong : {"", "m", "m 1.1", "m -0.1", "m good", "m 0.5 0.6", "m nan", "m 1e-1"})
    EXPECT_FALSE(parse_quality(wrong)) << wrong;
}

// What a condition says is the case is so: of any two that are each other's opposite exactly one holds.
TEST(RouteStep, OfOppositesOneHolds) {
  const bool held = rc::check("a condition or its opposite holds", [] {
    const RouteFacts facts{.size = *rc::gen::inRange<std::uint64_t>(0, 20'000),
                           .data_class = static_cast<DataClass>(*rc::gen::inRange(0, 4)),
                           .minute_of_day = *rc::gen::inRange(0, 24 * 60),
                           .tools = *rc::gen::arbitrary<bool>(),
                           .images = *rc::gen::arbitrary<bool>(),
                           .online = *rc::gen::arbitrary<bool>(),
                           .metered = *rc::gen::arbitrary<bool>()};
    constexpr std::array<std::array<std::string_view, 2>, 7> kOpposites{{{"size<8k", "size>=8k"},
                                                                         {"class<=internal", "class>=personal"},
                                                                         {"hours 06:00-22:00", "hours 22:00-06:00"},
                                                                         {"tools", "no tools"},
                                                                         {"images", "no images"},
                                                                         {"online", "no online"},
                                                                         {"metered", "no metered"}}};
    const auto [one, other] = kOpposites[*rc::gen::inRange<std::size_t>(0, kOpposites.size())];
    const auto a = parse_route_step(fmt::format("m if {}", one));
    const auto b = parse_route_step(fmt::format("m if {}", other));
    RC_ASSERT(a && b);
    RC_ASSERT(unmet(*a, facts).empty() != unmet(*b, facts).empty());
    const std::string said = unmet(*a, facts) + unmet(*b, facts);
    RC_ASSERT(said.starts_with(one) || said.starts_with(other));
  });
  EXPECT_TRUE(held);
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
  EXPECT_THAT(mistake("m if metered and no online"), HasSubstr("never hold"));
  for (const char* wrong :
       {"price<0.02", "price<USD", "price<0USD", "price<0.02usd", "price>=1USD", "price<-1USD", "price"})
    EXPECT_THAT(mistake(fmt::format("m if {}", wrong)), HasSubstr("like price<0.02USD")) << wrong;
  for (const char* wrong : {"first_byte<0s", "first_byte>2s", "first_byte<2h", "first_byte<soon", "first_byte"})
    EXPECT_THAT(mistake(fmt::format("m if {}", wrong)), HasSubstr("like first_byte<2s")) << wrong;
  for (const char* wrong : {"quality>=1.01", "quality>0.7", "quality>=", "quality>=good", "quality>=nan", "quality"})
    EXPECT_THAT(mistake(fmt::format("m if {}", wrong)), HasSubstr("like quality>=0.7")) << wrong;
  EXPECT_THAT(mistake(std::string(500, 'm')), HasSubstr("too long"));
}

}  // namespace
}  // namespace hearth::config
