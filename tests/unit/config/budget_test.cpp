#include <hearth/config/budget.h>
#include <hearth/config/config.h>
#include <hearth/core/money.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(BudgetLine, IsReadAndWritten) {
  const Budget box = parse_budget("box 20 USD per day").value();
  EXPECT_EQ(box.scope, Scope::box);
  EXPECT_EQ(box.period, Period::day);
  EXPECT_EQ(box.currency, "USD");
  EXPECT_EQ(box.amount, 20 * kNano);
  const Budget key = parse_budget("key Anna's laptop: 2 500000 tokens per month").value();
  EXPECT_EQ(key.scope, Scope::key);
  EXPECT_EQ(key.name, "Anna's laptop: 2");
  EXPECT_FALSE(key.is_money());
  EXPECT_EQ(key.amount, 500'000);
  for (const char* line : {"box 20.00 USD per day", "each key 0.25 EUR per month", "key laptop 1 tokens per day",
                           "each agent 0.00 USD in total", "agent digest 5.00 CNY in total"})
    EXPECT_EQ(to_string(parse_budget(line).value()), line);
}

TEST(BudgetLine, MistakesAreExplained) {
  for (const char* line :
       {"", "box", "box: 20 USD per day", "house: 20 USD per day", "key  1 USD per day", "box 20 USD",
        "box USD per day", "box 20 USD per week", "box 20 usd per day", "box -1 USD per day", "box 1.5 tokens per day",
        "box 1 USD per day or so", "agent 1 USD per day", "box 99999999999999999999 tokens per day"}) {
    const auto budget = parse_budget(line);
    ASSERT_FALSE(budget) << line;
    EXPECT_THAT(budget.error().message(), HasSubstr("write it like")) << line;
  }
}

TEST(OwnPriceLine, IsRead) {
  const OwnPrice price = parse_own_price("my/org/model:7b input 2.50 cached 0.25 output 10 USD").value();
  EXPECT_EQ(price.provider, "my");
  EXPECT_EQ(price.model, "org/model:7b");
  EXPECT_EQ(price.currency, "USD");
  EXPECT_EQ(price.input, 2'500'000'000);
  EXPECT_EQ(price.cached, 250'000'000);
  EXPECT_EQ(price.cache_write, std::nullopt);
  EXPECT_EQ(price.output, 10 * kNano);
  for (const char* line : {"", "model input 1 output 1 USD", "a/b input 1 USD", "a/b input 1 output 1",
                           "a/b input 1 input 1 output 1 USD", "a/b input x output 1 USD", "a/b inputs 1 output 1 USD",
                           "a/ input 1 output 1 USD", "a/b input 1000001 output 1 USD"})
    EXPECT_FALSE(parse_own_price(line)) << line;
}

TEST(Config, BudgetsAreCheckedWhenTheFileIsRead) {
  const auto config = parse(
      "budgets:\n  limits: [box 20 USD per day, each key 1000 tokens per day]\n"
      "  prices: a/b input 1 output 2 USD\n",
      "hearth.yaml");
  ASSERT_TRUE(config) << config.error().describe();
  EXPECT_THAT(config->budgets.limits, ElementsAre("box 20 USD per day", "each key 1000 tokens per day"));
  EXPECT_THAT(config->budgets.prices, ElementsAre("a/b input 1 output 2 USD"));
  const auto wrong = parse("budgets:\n  limits: [box twenty USD per day]\n", "hearth.yaml");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message(), HasSubstr("hearth.yaml:2"));
}

}  // namespace
}  // namespace hearth::config
