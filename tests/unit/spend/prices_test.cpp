#include <hearth/core/money.h>
#include <hearth/core/paths.h>
#include <hearth/spend/calendar.h>
#include <hearth/spend/prices.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>

namespace hearth::spend {
namespace {

using testing::HasSubstr;

WallTime at(std::string_view day, int hour = 0, int minute = 0) {
  return WallTime(std::chrono::days(*parse_day(day)) + std::chrono::hours(hour) + std::chrono::minutes(minute));
}

constexpr std::string_view kFile = R"(
as_of: 2026-11-27
providers:
  - name: acme
    source: https://acme.example/pricing
    currency: USD
    models:
      - names: [big, big-2026-01-01]
        max_output: 1000
        prices:
          - { from: 2026-01-01, input: 3, cached: 0.30, cache_write: 3.75, cache_write_long: 6, output: 15 }
          - { from: 2026-06-01, input: 2, output: 10 }
      - names: [long]
        prices:
          - from: 2026-01-01
            input: 1
            output: 5
            long: { above: 200000, input: 2, output: 7.50 }
      - names: [night]
        prices:
          - from: 2026-01-01
            input: 1
            output: 2
            peak: { hours: ["01:00-04:00", "06:30-24:00"], days: weekdays, input: 2, output: 4 }
)";

PriceBook book() {
  auto parsed = PriceBook::parse(kFile, "prices.yaml");
  EXPECT_TRUE(parsed) << parsed.error().describe();
  return *std::move(parsed);
}

std::string mistake(std::string text) {
  const auto parsed = PriceBook::parse(text, "prices.yaml");
  return parsed ? "(no mistake)" : parsed.error().message();
}

std::string changed(std::string_view from, std::string_view to) {
  std::string text(kFile);
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(PricesTest, EveryKindOfTokenHasItsPrice) {
  const PriceBook prices = book();
  const ModelPrice& big = *prices.find("acme", "big");
  EXPECT_EQ(big.currency, "USD");
  EXPECT_EQ(big.max_output, 1000U);
  constexpr std::uint64_t kMillion = 1'000'000;
  const auto cost = [&](const Usage& usage) { return format_money(*price_of(big, usage, at("2026-02-01"))); };
  EXPECT_EQ(cost({.input = kMillion}), "3.00");
  EXPECT_EQ(cost({.cached = kMillion}), "0.30");
  EXPECT_EQ(cost({.cache_write = kMillion}), "3.75");
  EXPECT_EQ(cost({.cache_write_long = kMillion}), "6.00");
  EXPECT_EQ(cost({.output = kMillion}), "15.00");
  EXPECT_EQ(cost({.input = 1}), "0.000003");
  EXPECT_EQ(cost({}), "0.00");
  EXPECT_EQ(cost(from_openai(2048, 100, 1920)), "0.00246");  // 128 * 3 + 1920 * 0.3 + 100 * 15 millionths
  EXPECT_EQ(cost(from_anthropic(128, 100, 1920, 0)), "0.00246");
}

TEST(PricesTest, PricesChangeOnTheirDay) {
  const PriceBook prices = book();
  const ModelPrice& big = *prices.find("acme", "big-2026-01-01");
  const Usage usage{.input = 1000, .cached = 1000};
  EXPECT_EQ(price_of(big, usage, at("2025-12-31", 23, 59)), std::nullopt);
  EXPECT_EQ(*price_of(big, usage, at("2026-05-31", 23, 59)), 3'300'000);
  EXPECT_EQ(*price_of(big, usage, at("2026-06-01")),
            4'000'000);  // what the cache costs is not known any more: as input
  EXPECT_EQ(prices.find("acme", "small"), nullptr);
  EXPECT_EQ(prices.find("other", "big"), nullptr);
}

TEST(PricesTest, ALongPromptMakesAllOfTheCallDearer) {
  const PriceBook prices = book();
  const ModelPrice& model = *prices.find("acme", "long");
  EXPECT_EQ(*price_of(model, {.input = 200'000, .output = 10}, at("2026-02-01")), 200'050'000);
  EXPECT_EQ(*price_of(model, {.input = 200'000, .cached = 1, .output = 10}, at("2026-02-01")), 400'077'000);
}

TEST(PricesTest, PeakHoursAreOfTheWeek) {
  const PriceBook prices = book();
  const ModelPrice& model = *prices.find("acme", "night");
  const auto cost = [&](WallTime t) { return *price_of(model, {.input = 1000}, t); };
  EXPECT_EQ(cost(at("2026-11-27", 0, 59)), 1'000'000);  // a Friday
  EXPECT_EQ(cost(at("2026-11-27", 1, 0)), 2'000'000);
  EXPECT_EQ(cost(at("2026-11-27", 3, 59)), 2'000'000);
  EXPECT_EQ(cost(at("2026-11-27", 4, 0)), 1'000'000);
  EXPECT_EQ(cost(at("2026-11-27", 23, 59)), 2'000'000);
  EXPECT_EQ(cost(at("2026-11-28", 1, 0)), 1'000'000);
  EXPECT_EQ(cost(at("2026-11-29", 1, 0)), 1'000'000);
  EXPECT_EQ(cost(at("2026-11-30", 1, 0)), 2'000'000);
}

TEST(PricesTest, FractionsOfANanoAreRoundedUp) {
  ModelPrice price{"USD", {}, {PricePeriod{.from = {}, .rates = {.input = 18'750'000, .output = 1}}}};
  EXPECT_EQ(*price_of(price, {.input = 1}, at("2026-01-01")), 19);
  EXPECT_EQ(*price_of(price, {.input = 4}, at("2026-01-01")), 75);
  EXPECT_EQ(*price_of(price, {.output = 1}, at("2026-01-01")), 1);
}

TEST(PricesTest, TheLargestPriceDoesNotOverflow) {
  const std::int64_t most = 1'000'000 * kNano;
  const ModelPrice price{"USD", {}, {PricePeriod{.from = {}, .rates = {most, most, most, most, most}}}};
  const Usage all{kMaxTokens, kMaxTokens, kMaxTokens, kMaxTokens, kMaxTokens};
  EXPECT_EQ(*price_of(price, all, at("2026-01-01")), kMaxMoney);
}

rc::Gen<Rates> any_rates() {
  const auto rate = rc::gen::inRange<std::int64_t>(0, 100 * kNano);
  return rc::gen::build<Rates>(rc::gen::set(&Rates::input, rate), rc::gen::set(&Rates::cached, rate),
                               rc::gen::set(&Rates::cache_write, rate), rc::gen::set(&Rates::cache_write_long, rate),
                               rc::gen::set(&Rates::output, rate));
}

RC_GTEST_PROP(PricesProperty, NoCallCostsMoreThanItsWorstCase, ()) {
  ModelPrice price{"USD", {}, {}};
  const WallTime start = at("2026-11-23");
  for (int i = 0; i < 3; ++i) {
    PricePeriod period{.from = start + std::chrono::days(i), .rates = *any_rates()};
    if (*rc::gen::arbitrary<bool>()) {
      period.long_above = *rc::gen::inRange<std::uint64_t>(1, 2000);
      period.long_rates = *any_rates();
    }
    if (*rc::gen::arbitrary<bool>()) {
      const int from = *rc::gen::inRange(0, 1439);
      period.peak_hours = {{{from, *rc::gen::inRange(from + 1, 1441)}}, *rc::gen::inRange(0U, 128U)};
      period.peak_rates = *any_rates();
    }
    price.periods.push_back(period);
  }
  const Usage worst{.input = *rc::gen::inRange<std::uint64_t>(0, 4000),
                    .output = *rc::gen::inRange<std::uint64_t>(0, 4000)};
  const WallTime judged = start + std::chrono::minutes(*rc::gen::inRange(0, 3 * 1440));
  const WallTime begun = judged + std::chrono::minutes(*rc::gen::inRange(0, 121));
  std::uint64_t rest = worst.input;
  const auto part = [&] {
    const auto n = *rc::gen::inRange<std::uint64_t>(0, rest + 1);
    rest -= n;
    return n;
  };
  Usage actual;
  actual.cached = part();
  actual.cache_write = part();
  actual.cache_write_long = part();
  actual.input = part();
  actual.output = *rc::gen::inRange<std::uint64_t>(0, worst.output + 1);
  RC_ASSERT(*price_of(price, actual, begun) <= *worst_price(price, worst, judged));
}

TEST(PricesTest, MistakesInTheFileAreNamed) {
  EXPECT_THAT(mistake(changed("as_of: 2026-11-27", "as_of: yesterday")), HasSubstr("a day like"));
  EXPECT_THAT(mistake(changed("cached: 0.30", "cashed: 0.30")), HasSubstr("did you mean \"cached\""));
  EXPECT_THAT(mistake(changed("cached: 0.30", "cached: -1")), HasSubstr("no amount"));
  EXPECT_THAT(mistake(changed("cached: 0.30", "cached: 1e3")), HasSubstr("no amount"));
  EXPECT_THAT(mistake(changed("cached: 0.30", "cached: 2000000")), HasSubstr("cannot be that much"));
  EXPECT_THAT(mistake(changed("currency: USD", "currency: dollars")), HasSubstr("code like USD"));
  EXPECT_THAT(mistake(changed("from: 2026-06-01", "from: 2026-01-01")), HasSubstr("oldest"));
  EXPECT_THAT(mistake(changed("from: 2026-06-01", "from: 2026-06-31")), HasSubstr("a day like"));
  EXPECT_THAT(mistake(changed("[long]", "[big]")), HasSubstr("there twice"));
  EXPECT_THAT(mistake(changed("06:30-24:00", "06:30-24:01")), HasSubstr("spans of UTC"));
  EXPECT_THAT(mistake(changed("days: weekdays", "days: holidays")), HasSubstr("weekdays or all"));
  EXPECT_THAT(mistake(changed("above: 200000, ", "")), HasSubstr("above"));
  EXPECT_THAT(mistake(changed("input: 1\n            output: 5", "input: 1")), HasSubstr("output"));
  EXPECT_THAT(mistake("providers: []"), HasSubstr("as_of"));
  EXPECT_THAT(mistake(std::string(600 * 1024, ' ')), HasSubstr("more than"));
}

TEST(PricesTest, TheShippedFileIsSound) {
  const auto prices = PriceBook::read(HEARTH_PRICES);
  ASSERT_TRUE(prices) << prices.error().describe();
  EXPECT_GT(prices->size(), 10U);
  const ModelPrice* haiku = prices->find("anthropic", "claude-haiku-5-5");
  ASSERT_NE(haiku, nullptr);
  EXPECT_EQ(format_money(*price_of(*haiku, {.input = 100'000, .output = 1000}, at("2026-11-27"))), "0.0105");
  EXPECT_EQ(format_money(*price_of(*haiku, {.input = 100'000, .cached = 1, .output = 1000}, at("2026-11-27"))),
            "0.05250005");
}

}  // namespace
}  // namespace hearth::spend
