#include "box.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <random>
#include <thread>

namespace hearth::spend {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kToken = 1000;  // nano

TEST(BudgetsTest, WhatWasSettledIsSpentAndTheRestIsFreeAgain) {
  const TempDir dir;
  {
    const Box box(dir.database(), {"box 0.001 USD per day"});  // 1000 tokens
    auto first = box.reserve(call_of(900));
    ASSERT_TRUE(first) << first.error().describe();
    EXPECT_EQ(box.held(), 900 * kToken);
    EXPECT_FALSE(box.reserve(call_of(101)));
    const Cost cost = first->settle({.input = 300, .output = 100});
    EXPECT_EQ(cost.currency, "USD");
    EXPECT_EQ(cost.nano, 500 * kToken);
    EXPECT_EQ(box.spent(), 500 * kToken);
    EXPECT_EQ(box.held(), 0);
    auto second = box.reserve(call_of(500));
    ASSERT_TRUE(second);
    second->release();
    EXPECT_EQ(box.held(), 0);
  }
  const Box again(dir.database(), {"box 0.001 USD per day"});
  EXPECT_EQ(again.spent(), 500 * kToken);
  EXPECT_THAT(again.unsettled(), IsEmpty());
  EXPECT_FALSE(again.reserve(call_of(501)));
  EXPECT_TRUE(again.reserve(call_of(500)));
}

TEST(BudgetsTest, ARefusalSaysWhichBudgetWhatIsLeftAndWhenItRenews) {
  const TempDir dir;
  const Box box(dir.database(), {"each key 0.001 USD per day", "box 5000 tokens in total"});
  auto first = box.reserve(call_of(900));
  ASSERT_TRUE(first);
  const auto refused = box.reserve(call_of(200));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(Errc::resource_exhausted));
  EXPECT_THAT(refused.error().message(),
              AllOf(HasSubstr("'each key 0.001 USD per day'"), HasSubstr("0.0001 USD left for laptop"),
                    HasSubstr("may take 0.0002 USD"), HasSubstr("2026-11-28 00:00")));
  Call free_of_charge = call_of(6000);
  free_of_charge.provider = "";
  const auto total = box.reserve(free_of_charge);
  ASSERT_FALSE(total);
  EXPECT_THAT(total.error().message(), AllOf(HasSubstr("4100 tokens left"), HasSubstr("does not begin anew")));
}

TEST(BudgetsTest, AnUnknownPriceIsNotAffordableWhereMoneyCounts) {
  const TempDir dir;
  Call call = call_of(10);
  call.model = "other";
  {
    const Box box(dir.database(), {"box 100 USD per day"});
    const auto refused = box.reserve(call);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(Errc::failed_precondition));
    EXPECT_THAT(refused.error().message(), AllOf(HasSubstr("acme/other"), HasSubstr("budgets.prices")));
  }
  const Box both(dir.database(), {"box 0 USD per day", "each key 15000 tokens per day"});
  Call free_of_charge = call_of(10, Durability::block);
  free_of_charge.provider = "";
  call.durability = Durability::block;
  EXPECT_TRUE(both.reserve(free_of_charge));  // leaves a block of tokens, which is not for calls that cost money
  EXPECT_FALSE(both.reserve(call));
}

TEST(BudgetsTest, TokensAreCountedWhateverTheyCost) {
  const TempDir dir;
  Call call = call_of(10);
  call.model = "other";
  const Box tokens(dir.database(), {"box 15 tokens per day"});
  auto allowed = tokens.reserve(call);
  ASSERT_TRUE(allowed);
  EXPECT_EQ(allowed->settle({.input = 8}).nano, std::nullopt);
  EXPECT_EQ(tokens.spent(), 8);
  EXPECT_EQ(tokens.spending(By::model).at(0).unpriced, 1U);
}

TEST(BudgetsTest, WithoutBudgetsNothingWaitsAndAllIsRecorded) {
  const TempDir dir;
  {
    const Box box(dir.database(), {});
    auto first = box->try_reserve(call_of(900));
    ASSERT_TRUE(first);
    first->settle(from_openai(100, 10, 60));
    Call local = call_of(50);
    local.upstream = "llama";
    local.who.agent = "digest";
    local.model = "small";
    local.provider = "";
    local.metered = false;
    local.at += std::chrono::hours(24);
    auto second = box->try_reserve(local);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->settle({.input = 5}).currency, "");
  }
  const Box box(dir.database(), {"box 1 USD in total", "box 1000 tokens in total"});
  const auto models = box.spending(By::model);
  ASSERT_THAT(models, SizeIs(2));
  EXPECT_EQ(models[0].name, "model");
  EXPECT_EQ(models[0].nano, 60 * kToken);
  EXPECT_EQ(models[0].usage, (Usage{.input = 40, .cached = 60, .output = 10}));
  EXPECT_EQ(models[1].name, "small");
  EXPECT_EQ(models[1].currency, "");
  EXPECT_EQ(models[1].calls, 1U);
  EXPECT_EQ(box.spending(By::key).at(0).name, "laptop");
  EXPECT_EQ(box.spending(By::upstream).at(1).name, "llama");
  EXPECT_EQ(box.spending(By::agent).at(0).name, "");
  EXPECT_EQ(box.spending(By::agent).at(1).name, "digest");
  EXPECT_EQ(box.spending(By::day).at(0).name, "2026-11-28");
  EXPECT_THAT(box.spending(By::day, 20785), SizeIs(1));
  // Budgets that are made later know what was spent before, but for what no budget counts.
  EXPECT_EQ(box.spent(), 60 * kToken);
  EXPECT_EQ(box->lines(kNoon).at(1).line.spent, 110);
}

TEST(BudgetsTest, WhatIsOpenWhenTheBoxGoesDownIsChargedInFull) {
  const TempDir dir;
  std::optional<Reservation> orphan;
  {
    const Box box(dir.database(), {"box 1 USD per day"});
    orphan = *box.reserve(call_of(700));
  }
  {
    const Box box(dir.database(), {"box 1 USD per day"});
    EXPECT_EQ(box.spent(), 700 * kToken);
    const auto list = box.unsettled();
    ASSERT_THAT(list, SizeIs(1));
    EXPECT_EQ(list[0].model, "model");
    EXPECT_EQ(list[0].who.key_name, "laptop");
    EXPECT_EQ(list[0].amount, (Amount{700 * kToken, 700}));
    EXPECT_EQ(box.spending(By::model).at(0).unsettled, (Amount{700 * kToken, 700}));
  }
  const Box box(dir.database(), {"box 1 USD per day"});
  EXPECT_EQ(box.spent(), 700 * kToken);  // once
  EXPECT_THAT(box.unsettled(), SizeIs(1));
}

TEST(BudgetsTest, AForgottenCallIsChargedOnceItHasBegun) {
  const TempDir dir;
  const Box box(dir.database(), {"box 1 USD per day"});
  for (const Durability durability : {Durability::durable, Durability::block}) {
    EXPECT_TRUE(box.reserve(call_of(50, durability)));  // and dropped
    auto begun = box.reserve(call_of(50, durability));
    ASSERT_TRUE(begun);
    begun->begin();
  }
  EXPECT_EQ(box.spent(), 100 * kToken);
  EXPECT_EQ(box.spending(By::day).at(0).unsettled, (Amount{100 * kToken, 100}));
  EXPECT_EQ(box.spending(By::day).at(0).calls, 2U);
}

TEST(BudgetsTest, ABlockServesCallsWithoutTheDiskAndIsGivenBack) {
  const TempDir dir;
  {
    const Box box(dir.database(), {"box 1 USD per day"});
    EXPECT_FALSE(box->try_reserve(call_of(10, Durability::block)));
    auto first = box.reserve(call_of(10, Durability::block));
    ASSERT_TRUE(first);
    auto second = box->try_reserve(call_of(10, Durability::block));
    ASSERT_TRUE(second);
    EXPECT_FALSE(box->try_reserve(call_of(10)));
    first->settle({.input = 3});
    second->release();
    EXPECT_GT(box.held(), 100 * kToken);
    // The next day nobody draws from it any more.
    box->tick(kNoon + std::chrono::hours(24));
    EXPECT_EQ(box.held(), 0);
    EXPECT_EQ(box.spent(), 3 * kToken);
    auto third = box.reserve(call_of(10, Durability::block));
    ASSERT_TRUE(third);
    third->settle({.input = 4});
  }
  const Box again(dir.database(), {"box 1 USD per day"});
  EXPECT_EQ(again.spent(), 7 * kToken);
  EXPECT_THAT(again.unsettled(), IsEmpty());
}

TEST(BudgetsTest, WhatIsFreeInABlockIsThereForOthers) {
  const TempDir dir;
  const Box box(dir.database(), {"box 0.001 USD per day"});
  auto first = box.reserve(call_of(10, Durability::block, "a"));
  ASSERT_TRUE(first);
  EXPECT_GT(box.held(), 10 * kToken);
  auto rest = box.reserve(call_of(990, Durability::durable, "b"));
  ASSERT_TRUE(rest) << rest.error().describe();
  EXPECT_FALSE(box.reserve(call_of(1, Durability::block, "a")));
  first->release();
  EXPECT_TRUE(box.reserve(call_of(10, Durability::durable, "c")));
}

TEST(BudgetsTest, AHundredAtOnceGetExactlyWhatThereIs) {
  for (const Durability durability : {Durability::durable, Durability::block}) {
    const TempDir dir;
    const Box box(dir.database(), {"box 0.01 USD per day", "each key 0.007 USD per day"});  // 10 and 7 calls of 1000
    std::mutex mutex;
    std::vector<Reservation> made;
    std::atomic<int> told{0};
    std::vector<std::thread> threads;
    std::promise<void> all;
    for (int t = 0; t < 10; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          box->reserve(call_of(1000, durability, t % 2 == 0 ? "a" : "b"), [&](Result<Reservation> r) {
            if (r) {
              const std::lock_guard lock(mutex);
              made.push_back(std::move(*r));
            }
            if (++told == 100) all.set_value();
          });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    all.get_future().wait();
    EXPECT_THAT(made, SizeIs(10));
    EXPECT_EQ(box.held(), 10'000 * kToken);
    for (Reservation& r : made) r.release();
    made.clear();
  }
}

TEST(BudgetsTest, WhatCannotBeWrittenIsNotReserved) {
  const TempDir dir;
  const Box box(dir.database(), {"box 1 USD per day"});
  const auto sql = [&](std::string text) {
    return box.store->call([text](store::Connection& c) { return c.execute(text); }).get();
  };
  ASSERT_TRUE(sql("ALTER TABLE spend_held RENAME TO elsewhere"));
  for (const Durability durability : {Durability::durable, Durability::block}) {
    const auto failed = box.reserve(call_of(10, durability));
    ASSERT_FALSE(failed);
    EXPECT_THAT(failed.error().describe(), HasSubstr("not reserved"));
    EXPECT_EQ(box.held(), 0);
  }
  ASSERT_TRUE(sql("ALTER TABLE elsewhere RENAME TO spend_held"));
  auto made = box.reserve(call_of(10));
  ASSERT_TRUE(made);
  made->settle({.input = 10});
  EXPECT_EQ(box.spending(By::day).at(0).nano, 10 * kToken);
}

// What a start would count now, in nano.
std::int64_t on_disk(const Box& box) {
  const auto sum = [](store::Connection& connection) -> Result<std::int64_t> {
    HEARTH_TRY_ASSIGN(store::Statement row,
                      connection.prepare("SELECT coalesce((SELECT sum(nano) FROM spend_held), 0) + "
                                         "coalesce((SELECT sum(nano) FROM spend_days), 0)"));
    HEARTH_TRY(row.step());
    return row.integer(0);
  };
  return box.store->call(sum).get().value();
}

// Durable calls and blocks together: a call is refused if, and only if, it may cost more than is left; a crash would at
// no moment count less than what has begun or more than the limit; and a clean stop leaves exactly what was settled.
void run_exactly(unsigned seed) {
  constexpr std::uint64_t kLimit = 1000;  // tokens
  const TempDir dir;
  std::mt19937 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  std::uint64_t spent = 0;
  {
    const Box box(dir.database(), {"box 0.001 USD per day"});
    struct Open {
      Reservation reservation;
      std::uint64_t tokens;
    };
    std::deque<Open> open;
    std::uint64_t held = 0;
    for (int i = 0; i < 40; ++i) {
      const WallTime now = kNoon + std::chrono::minutes(i);
      if (open.empty() || below(3) != 0) {
        const std::uint64_t tokens = below(below(2) == 0 ? 20 : 300);
        Call call = call_of(tokens, below(2) == 0 ? Durability::durable : Durability::block, below(2) == 0 ? "a" : "b");
        call.at = now;
        Result<Reservation> made = box.reserve(std::move(call));
        ASSERT_EQ(made.has_value(), tokens <= kLimit - spent - held) << "seed " << seed << ", step " << i;
        if (!made) continue;
        held += tokens;
        open.push_back({std::move(*made), tokens});
      } else {
        Open ended = std::move(open.front());
        open.pop_front();
        held -= ended.tokens;
        const std::uint64_t actual = below(ended.tokens + 1);
        if (below(2) == 0) {
          ended.reservation.settle({.input = actual});
          spent += actual;
        } else {
          ended.reservation.release();
        }
        if (below(2) == 0) box->tick(now);
      }
      ASSERT_EQ(box.spent(), static_cast<std::int64_t>(spent) * kToken);
      ASSERT_LE(box.spent() + box.held(), static_cast<std::int64_t>(kLimit) * kToken);
      ASSERT_GE(on_disk(box), static_cast<std::int64_t>(spent + held) * kToken) << "seed " << seed << ", step " << i;
      ASSERT_LE(on_disk(box), static_cast<std::int64_t>(kLimit) * kToken) << "seed " << seed << ", step " << i;
    }
    for (Open& o : open) o.reservation.release();
  }
  const Box again(dir.database(), {"box 0.001 USD per day"});
  ASSERT_EQ(again.spent(), static_cast<std::int64_t>(spent) * kToken) << "seed " << seed;
  ASSERT_THAT(again.unsettled(), IsEmpty()) << "seed " << seed;
}

TEST(BudgetsTest, ExactInBothWays) {
  for (unsigned seed = 0; seed < 10 && !HasFatalFailure(); ++seed) run_exactly(seed);
}

}  // namespace
}  // namespace hearth::spend
