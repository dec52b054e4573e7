#include <hearth/hardware/load.h>
#include <hearth/hardware/memory.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

namespace hearth::hardware {
namespace {

TEST(Work, ReadsTimesAndFaultsWhateverTheName) {
  const auto work = parse_work(
      "42 (a) b (c)) S 1 42 42 0 -1 4194560 1000 2000 7 8 130 20 5 6 20 0 3 0 12345 1000000 500 "
      "18446744073709551615\n");
  ASSERT_TRUE(work);
  EXPECT_EQ(work->major_faults, 7U);
  EXPECT_EQ(work->cpu_ticks, 150U);
}

TEST(Work, RefusesWhatIsNotALine) {
  EXPECT_FALSE(parse_work(""));
  EXPECT_FALSE(parse_work("42 (x"));
  EXPECT_FALSE(parse_work("42 (x) S 1 2 3"));
  EXPECT_FALSE(parse_work("42 (x) S 1 2 3 4 5 6 7 8 9 a 11 12"));
  EXPECT_FALSE(parse_work("1 (x) S 1 1 1 0 -1 0 0 0 0 0 18446744073709551615 1"));
}

TEST(Waited, IsTheSecondNumberOfASchedstat) {
  EXPECT_EQ(parse_waited("123456 789 42\n"), 789U);
  EXPECT_FALSE(parse_waited(""));
  EXPECT_FALSE(parse_waited("123456"));
  EXPECT_FALSE(parse_waited("a 1 2"));
}

TEST(Work, OfThisProcessGrowsWithWhatItDoes) {
  const double before = tree_work(::getpid()).cpu_seconds;
  std::vector<unsigned> numbers(1 << 16, 3);
  for (unsigned round = 0; tree_work(::getpid()).cpu_seconds < before + 0.05; ++round) {
    for (unsigned& n : numbers) n = n * 1664525U + round;
  }
  EXPECT_NE(numbers.back(), 3U);
  EXPECT_EQ(tree_work(-1).cpu_seconds, 0);
}

TEST(Pressure, ReadsTheTenSecondAverages) {
  const auto stall = parse_pressure(
      "some avg10=12.34 avg60=1.00 avg300=0.00 total=9\nfull avg10=5.60 avg60=0.00 avg300=0.00 total=3\n");
  ASSERT_TRUE(stall);
  EXPECT_DOUBLE_EQ(stall->some, 12.34);
  EXPECT_DOUBLE_EQ(stall->full, 5.6);
  EXPECT_EQ(parse_pressure("some avg10=100 avg60=0\n")->some, 100);
}

TEST(Pressure, RefusesWhatIsNotOne) {
  EXPECT_FALSE(parse_pressure(""));
  EXPECT_FALSE(parse_pressure("some avg60=1.00\n"));
  EXPECT_FALSE(parse_pressure("some avg10=x\n"));
  EXPECT_FALSE(parse_pressure("some avg10=700.00\n"));
  EXPECT_FALSE(parse_pressure("full avg10=1.00\n"));
}

TEST(MemoryMax, ReadsALimitOrNone) {
  EXPECT_EQ(parse_memory_max("536870912\n"), 536870912U);
  EXPECT_EQ(parse_memory_max("max\n"), std::nullopt);
  EXPECT_EQ(parse_memory_max("9223372036854771712\n"), std::nullopt);
  EXPECT_EQ(parse_memory_max(""), std::nullopt);
}

TEST(MemoryMax, OfThisMachineIsNoMoreThanItHas) {
  const auto machine = machine_memory();
  ASSERT_TRUE(machine);
  EXPECT_GT(usable_memory(), 0U);
  EXPECT_LE(usable_memory(), machine->total);
}

}  // namespace
}  // namespace hearth::hardware
