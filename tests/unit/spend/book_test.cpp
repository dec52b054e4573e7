// The decisions: never over a limit, all budgets or none, nothing gained or lost.
#include <hearth/config/budget.h>
#include <hearth/spend/book.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace hearth::spend {
namespace {

config::Budget budget(std::string_view text) {
  auto parsed = config::parse_budget(text);
  EXPECT_TRUE(parsed) << parsed.error().describe();
  return *std::move(parsed);
}

Book book(std::initializer_list<std::string_view> texts) {
  std::vector<config::Budget> budgets;
  for (const auto text : texts) budgets.push_back(budget(text));
  return Book(std::move(budgets));
}

constexpr Day kToday = 20784;  // 2026-11-27

Claim by(std::string key, std::string agent = "", std::string currency = "USD") {
  return {{"key_" + key, key, std::move(agent)}, kToday, std::move(currency), true};
}

Amount usd(std::int64_t cents, std::int64_t tokens = 0) {
  return {cents * 10'000'000, tokens};
}

TEST(BookTest, ABudgetIsSpentToTheLastCentAndNoFurther) {
  Book b = book({"box 1 USD per day"});
  EXPECT_FALSE(b.hold(by("a"), usd(60)));
  EXPECT_FALSE(b.hold(by("b"), usd(40)));
  const auto refusal = b.hold(by("c"), {1, 0});
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->why, Refusal::Why::over);
  EXPECT_EQ(refusal->left, 0);
  EXPECT_EQ(config::to_string(refusal->budget), "box 1.00 USD per day");
  b.settle(by("a"), usd(60), usd(10));
  EXPECT_FALSE(b.hold(by("c"), usd(50)));
  EXPECT_TRUE(b.hold(by("c"), usd(1)));
}

TEST(BookTest, WhoIsRefusedByOneBudgetTakesNothingOfTheOthers) {
  Book b = book({"box 10 USD per day", "each key 1 USD per day", "agent digest 100 tokens in total"});
  EXPECT_TRUE(b.hold(by("a", "digest"), usd(50, 101)));
  EXPECT_TRUE(b.hold(by("a", "digest"), usd(101, 50)));
  EXPECT_FALSE(b.hold(by("a", "digest"), usd(100, 100)));
  EXPECT_FALSE(b.hold(by("b"), usd(100, 1'000'000)));
  EXPECT_TRUE(b.hold(by("b", "digest"), usd(0, 1)));
  const auto lines = b.lines(kToday);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].held, usd(200).nano);
  EXPECT_EQ(lines[1].subject, "key_a");
  EXPECT_EQ(lines[1].subject_name, "a");
  EXPECT_EQ(lines[1].held, usd(100).nano);
  EXPECT_EQ(lines[3].held, 100);
}

TEST(BookTest, KeysAreKnownByIdAndByName) {
  Book b = book({"key laptop 1 USD per day", "key key_phone 1 USD per day"});
  EXPECT_TRUE(b.hold(by("laptop"), usd(101)));
  EXPECT_TRUE(b.hold(by("phone"), usd(101)));
  EXPECT_FALSE(b.hold(by("desk"), usd(101)));
  EXPECT_FALSE(b.concerns(by("desk")));
}

TEST(BookTest, EveryPeriodHasItsOwnMoney) {
  Book b = book({"box 1 USD per day", "box 2 USD per month", "box 3 USD in total"});
  Claim claim = by("a");
  EXPECT_FALSE(b.hold(claim, usd(100)));
  claim.day = kToday + 1;
  EXPECT_FALSE(b.hold(claim, usd(100)));
  claim.day = kToday + 2;
  EXPECT_EQ(b.hold(claim, usd(1))->budget.period, config::Period::month);
  claim.day = kToday + 10;  // December
  EXPECT_FALSE(b.hold(claim, usd(100)));
  claim.day = kToday + 11;
  EXPECT_EQ(b.hold(claim, usd(1))->budget.period, config::Period::total);
}

TEST(BookTest, WhatCannotBeCountedIsRefused) {
  Book b = book({"box 1 USD per day"});
  Claim unknown = by("a", "", "");
  unknown.price_known = false;
  EXPECT_EQ(b.hold(unknown, {})->why, Refusal::Why::unknown_price);
  EXPECT_EQ(b.hold(by("a", "", "CNY"), {})->why, Refusal::Why::other_currency);
  EXPECT_FALSE(b.hold(by("a", "", ""), {0, 1'000'000}));  // free of charge
  Book tokens = book({"box 10 tokens per day"});
  EXPECT_FALSE(tokens.hold(unknown, {0, 10}));
  EXPECT_TRUE(tokens.hold(by("a", "", "CNY"), {0, 1}));
}

TEST(BookTest, WhatAProviderBillsBeyondTheWorstCaseIsCounted) {
  Book b = book({"box 1 USD per day"});
  EXPECT_FALSE(b.hold(by("a"), usd(10)));
  b.settle(by("a"), usd(10), usd(150));
  EXPECT_EQ(b.lines(kToday)[0].spent, usd(150).nano);
  EXPECT_EQ(b.hold(by("a"), usd(1))->left, 0);
  EXPECT_EQ(b.room(by("a")).nano, 0);
}

TEST(BookTest, OldPeriodsAreForgotten) {
  Book b = book({"box 1 USD per day", "box 5 USD per month", "box 9 USD in total"});
  b.spend(by("a"), usd(100));
  b.forget_before(kToday);
  EXPECT_TRUE(b.hold(by("a"), usd(1)));
  b.forget_before(kToday + 1);
  EXPECT_FALSE(b.hold(by("a"), usd(1)));
  b.release(by("a"), usd(1));
  b.forget_before(kToday + 40);
  EXPECT_EQ(b.room(by("a")).nano, usd(100).nano);
  EXPECT_EQ(b.lines(kToday).back().spent, usd(100).nano);
}

// Against a plain reference: any calls of any parties on any days, in any order.
RC_GTEST_PROP(BookProperty, NeverOverALimitAndNothingIsLost, ()) {
  const std::vector<std::string_view> texts{
      "box 3 USD per day",        "box 5 USD per month",       "box 400 tokens in total",     "each key 1 USD per day",
      "key a 0.50 USD per month", "agent x 0.70 USD in total", "each agent 90 tokens per day"};
  std::vector<config::Budget> budgets;
  for (const auto text : texts)
    if (*rc::gen::arbitrary<bool>()) budgets.push_back(budget(text));
  Book b(budgets);
  struct Open {
    Claim claim;
    Amount held;
  };
  std::vector<Open> open;
  std::vector<Open> spent;  // with what was spent in `held`
  const int steps = *rc::gen::inRange(0, 60);
  for (int i = 0; i < steps; ++i) {
    if (open.empty() || *rc::gen::inRange(0, 3) != 0) {
      Claim claim = by(*rc::gen::element<std::string>("a", "b"), *rc::gen::element<std::string>("", "x", "y"));
      claim.day += *rc::gen::inRange(0, 6);
      const Amount amount = usd(*rc::gen::inRange(0, 120), *rc::gen::inRange(0, 100));
      const Amount room = b.room(claim);
      const bool refused = b.hold(claim, amount).has_value();
      RC_ASSERT(refused == !fits(amount, room));
      if (!refused) open.push_back({claim, amount});
    } else {
      const auto at = *rc::gen::inRange<std::size_t>(0, open.size());
      const Open done = open[at];
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
      const Amount actual{*rc::gen::inRange<std::int64_t>(0, done.held.nano + 1),
                          *rc::gen::inRange<std::int64_t>(0, done.held.tokens + 1)};
      if (*rc::gen::arbitrary<bool>()) {
        b.settle(done.claim, done.held, actual);
        spent.push_back({done.claim, actual});
      } else {
        b.release(done.claim, done.held);
      }
    }
    for (Day day = kToday; day < kToday + 6; ++day) {
      for (const Book::Line& line : b.lines(day)) {
        RC_ASSERT(line.spent >= 0 && line.held >= 0);
        RC_ASSERT(line.spent + line.held <= line.budget.amount);
        const auto sum = [&](const std::vector<Open>& list) {
          std::int64_t total = 0;
          for (const Open& o : list) {
            const config::Budget& g = line.budget;
            const Party& who = o.claim.who;
            const bool mine = (g.scope == config::Scope::box) ||
                              (g.scope == config::Scope::each_key && line.subject == who.key) ||
                              (g.scope == config::Scope::each_agent && line.subject == who.agent) ||
                              (g.scope == config::Scope::key && g.name == who.key_name) ||
                              (g.scope == config::Scope::agent && g.name == who.agent);
            const bool then = Calendar::first_day(g.period, o.claim.day) == Calendar::first_day(g.period, day);
            if (mine && then) total += g.is_money() ? o.held.nano : o.held.tokens;
          }
          return total;
        };
        RC_ASSERT(line.held == sum(open));
        RC_ASSERT(line.spent == sum(spent));
      }
    }
  }
}

}  // namespace
}  // namespace hearth::spend
