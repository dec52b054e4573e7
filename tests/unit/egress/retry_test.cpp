#include <hearth/egress/retry.h>

#include <gtest/gtest.h>

namespace hearth::egress {
namespace {

TEST(RetryBudget, DoublesGivesUpAndForgets) {
  RetryBudget budget({.failures = 4, .first = Millis(100), .longest = Millis(250), .patience = Millis(10'000)});
  EXPECT_EQ(budget.failed(std::nullopt, 0), Millis(100));
  EXPECT_EQ(budget.failed(std::nullopt, 0), Millis(200));
  EXPECT_EQ(budget.failed(std::nullopt, 0), Millis(250));
  EXPECT_FALSE(budget.failed(std::nullopt, 0));
  budget.progressed();
  EXPECT_EQ(budget.failed(std::nullopt, 1), Millis(75));
  EXPECT_EQ(budget.failed(Seconds(5), 0), Millis(5000));
  EXPECT_FALSE(budget.failed(Seconds(3600), 0));
}

}  // namespace
}  // namespace hearth::egress
