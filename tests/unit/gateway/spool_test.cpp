#include "temp_dir.h"

#include <hearth/gateway/files.h>

#include <gtest/gtest.h>

#include <array>
#include <utility>

namespace hearth::gateway {
namespace {

std::string content_of(const Spooled& file) {
  std::string all(file.size() + 10, '\0');
  const auto n = file.read_at(0, all);
  all.resize(n ? *n : 0);
  return all;
}

TEST(SpoolBudget, IsNotOverdrawn) {
  SpoolBudget budget(100);
  EXPECT_TRUE(budget.take(60));
  EXPECT_FALSE(budget.take(41));
  EXPECT_TRUE(budget.take(40));
  budget.give(100);
  EXPECT_EQ(budget.used(), 0U);
}

TEST(Charge, IsGivenBackInPartAndThenAtTheEnd) {
  SpoolBudget budget(100);
  {
    Charge charge;
    ASSERT_TRUE(charge.take(budget, 80));
    Charge second;
    EXPECT_FALSE(second.take(budget, 30));
    charge.reset(10);
    EXPECT_EQ(budget.used(), 10U);
    charge.reset(50);
    EXPECT_EQ(budget.used(), 10U);
  }
  EXPECT_EQ(budget.used(), 0U);
}

TEST(Spooled, SmallStaysInMemoryLargeGoesToDisk) {
  const TempDir dir;
  SpoolBudget budget(1000);
  Spooled file(dir.path(), 10, &budget);
  ASSERT_TRUE(file.append("0123456789"));
  EXPECT_TRUE(file.in_memory());
  EXPECT_EQ(budget.used(), 0U);
  EXPECT_TRUE(file.would_block(1));
  ASSERT_TRUE(file.append("a"));
  EXPECT_FALSE(file.in_memory());
  EXPECT_EQ(budget.used(), 11U) << "what was in memory is on the disk now too";
  ASSERT_TRUE(file.append("bc"));
  EXPECT_EQ(content_of(file), "0123456789abc");
  EXPECT_EQ(file.size(), 13U);
  EXPECT_EQ(dir.entries(), 0U) << "the file has no name, so a crash leaves nothing";
}

TEST(Spooled, ReadsPartsAndNothingPastTheEnd) {
  const TempDir dir;
  SpoolBudget budget(1000);
  for (const std::uint64_t memory : {std::uint64_t{100}, std::uint64_t{0}}) {
    Spooled file(dir.path(), memory, &budget);
    ASSERT_TRUE(file.append("0123456789"));
    std::array<char, 4> part{};
    ASSERT_EQ(file.read_at(8, part).value_or(99), 2U);
    EXPECT_EQ(part[1], '9');
    EXPECT_EQ(file.read_at(10, part).value_or(99), 0U);
    EXPECT_EQ(file.read_at(1'000'000, part).value_or(99), 0U);
  }
}

TEST(Spooled, GivesItsRoomBackOnce) {
  const TempDir dir;
  SpoolBudget budget(100);
  {
    Spooled a(dir.path(), 0, &budget);
    ASSERT_TRUE(a.append("0123456789"));
    Spooled b = std::move(a);
    EXPECT_EQ(budget.used(), 10U);
    Spooled c(dir.path(), 0, &budget);
    ASSERT_TRUE(c.append("01234"));
    c = std::move(b);
    EXPECT_EQ(budget.used(), 10U);
    EXPECT_EQ(content_of(c), "0123456789");
  }
  EXPECT_EQ(budget.used(), 0U);
}

TEST(Spooled, AFullSpoolSaysWhichSetting) {
  const TempDir dir;
  SpoolBudget budget(5);
  Spooled file(dir.path(), 0, &budget);
  const auto kept = file.append("0123456789");
  ASSERT_FALSE(kept);
  EXPECT_TRUE(kept.error().is(Errc::resource_exhausted));
  EXPECT_NE(kept.error().message().find("limits.spool"), std::string::npos);
  EXPECT_EQ(budget.used(), 0U);
}

TEST(Spooled, AFolderThatIsGoneIsAnError) {
  SpoolBudget budget(100);
  Spooled file("/nonexistent/spool", 0, &budget);
  EXPECT_FALSE(file.append("x"));
}

}  // namespace
}  // namespace hearth::gateway
