#include "conversations.h"

#include <hearth/trim/pays.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hearth::trim {
namespace {

constexpr std::size_t kJsonStep = static_cast<std::size_t>(Step::json);
const SteadyTime kStart{};

Turn turn_of(double saved, double input, double cached, std::optional<double> before_input = {}) {
  Turn turn;
  turn.saved[kJsonStep] = saved;
  turn.input = input;
  turn.cached = cached;
  if (before_input) {
    turn.before = Turn::Before{{}, *before_input};
    turn.before->saved[kJsonStep] = saved / 2;
  }
  return turn;
}

TEST(PaysTest, WhatSavesStaysOn) {
  Account account;
  for (int i = 0; i < 200; ++i) account.settle(turn_of(500, 5000, 4000, 4000), kStart);
  EXPECT_GT(account.net(Step::json), 0);
  EXPECT_EQ(account.paying(Steps::all(), kStart), Steps::all());
}

TEST(PaysTest, WhatBreaksTheCacheGoesOffAndIsTriedAgain) {
  Account account;
  for (int i = 0; i < 20; ++i) account.settle(turn_of(0, 5000, 4900, 4000), kStart);  // nothing was left out
  for (int i = 0; i < 20; ++i) account.settle(turn_of(300, 5000, 10, 4000), kStart);  // the cache is missed
  EXPECT_FALSE(account.paying(Steps::all(), kStart).has(Step::json));
  EXPECT_TRUE(account.paying(Steps::all(), kStart).has(Step::logs));
  const SteadyTime later = kStart + Seconds(3601);
  EXPECT_TRUE(account.paying(Steps::all(), later).has(Step::json));
  // It fails again, and rests longer.
  for (int i = 0; i < 20; ++i) account.settle(turn_of(300, 5000, 10, 4000), later);
  EXPECT_FALSE(account.paying(Steps::all(), later + Seconds(3601)).has(Step::json));
  EXPECT_TRUE(account.paying(Steps::all(), later + Seconds(7201)).has(Step::json));
}

TEST(PaysTest, MissesThatHappenAnywayAreNotHeldAgainstIt) {
  Account account;
  for (int i = 0; i < 20; ++i) account.settle(turn_of(0, 5000, i % 2 == 0 ? 4000 : 0, 4000), kStart);
  for (int i = 0; i < 400; ++i) {
    account.settle(turn_of(0, 5000, i % 2 == 0 ? 4000 : 0, 4000), kStart);
    account.settle(turn_of(300, 5000, i % 2 == 0 ? 4000 : 0, 4000), kStart);
  }
  EXPECT_TRUE(account.paying(Steps::all(), kStart).has(Step::json));
}

TEST(PaysTest, AProviderWithoutACacheLosesNothing) {
  Account account;
  for (int i = 0; i < 100; ++i) account.settle(turn_of(300, 5000, 0, 4000), kStart);
  EXPECT_TRUE(account.paying(Steps::all(), kStart).has(Step::json));
}

TEST(PaysTest, TimeThatSavesNothingCounts) {
  Account account;
  Turn slow = turn_of(0, 5000, 0);
  slow.took[kJsonStep] = 0.02;
  for (int i = 0; i < 100; ++i) account.settle(slow, kStart);
  EXPECT_FALSE(account.paying(Steps::all(), kStart).has(Step::json));
}

TEST(PaysTest, AConversationKeepsTheStepsItBeganWith) {
  Pays pays(Steps::all());
  const std::string body = with_result("run", "{}", "{ \"a\" :" + std::string(2000, ' ') + "1 }");
  EXPECT_EQ(pays.terms("cloud/m", 1, kStart).steps, Steps::all());
  Trimmed slow = trim(body, {});
  slow.steps[kJsonStep].took = std::chrono::seconds(1);
  pays.answered("cloud/m", 1, slow, {5000, 0}, kStart);
  EXPECT_TRUE(pays.off("cloud/m", kStart).has(Step::json));
  EXPECT_EQ(pays.terms("cloud/m", 1, kStart).steps, Steps::all());
  EXPECT_FALSE(pays.terms("cloud/m", 2, kStart).steps.has(Step::json));
  EXPECT_TRUE(pays.terms("cloud/other", 2, kStart).steps.has(Step::json));
}

TEST(PaysTest, WhatGoesOnFromAnotherTurnIsSeen) {
  Pays pays(Steps::all());
  boost::json::array messages =
      boost::json::parse(with_result("run", "{}", "{ \"a\" :" + std::string(40'000, ' ') + "1 }"))
          .at("messages")
          .as_array();
  // Each turn the cache is missed, though others hit it.
  pays.answered("r", 7, trim(request_of({}), {}), {1, 1}, kStart);
  for (std::size_t i = 0; i < 40; ++i) {
    pays.answered("r", 1, trim(request_of(messages), {}), {50'000, i == 0 ? 100U : 0U}, kStart);
    messages.push_back(boost::json::object{{"role", "user"}, {"content", "on"}});
  }
  EXPECT_TRUE(pays.off("r", kStart).has(Step::json));
}

RC_GTEST_PROP(PaysProperty, ItIsBounded, ()) {
  Pays pays(Steps::all(), 8, 4);
  for (std::size_t i = 0; i < 100; ++i)
    pays.terms("r" + std::to_string(*rc::gen::inRange(0, 20)), *rc::gen::inRange<std::size_t>(0, 50), kStart);
  RC_ASSERT(pays.conversations() <= 8U);
}

// However the provider's cache behaves, a step that saves nothing and takes no time is never switched.
RC_GTEST_PROP(PaysProperty, WhatDoesNothingStaysOn, ()) {
  Account account;
  for (int i = 0; i < 100; ++i) {
    const double input = *rc::gen::inRange(0, 100'000);
    Turn turn =
        turn_of(*rc::gen::inRange(0, 5000), input, std::min<double>(input, *rc::gen::inRange(0, 100'000)), 5000);
    account.settle(turn, kStart);
  }
  RC_ASSERT(account.paying(Steps::all(), kStart).has(Step::logs));
}

}  // namespace
}  // namespace hearth::trim
