#include "learned_file.h"

#include <gtest/gtest.h>

namespace hearth::engines {
namespace {

TEST(LearnedFile, ReadsWhatItWrites) {
  const LearnedByName learned{{"llama.tiny", {.peak = 1ULL << 30, .requests = 7, .reload_time = Millis(812)}},
                              {"ocr", {.peak = 136314880, .requests = 42, .reload_time = Millis(45)}}};
  EXPECT_EQ(parse_learned(format_learned(learned)), learned);
}

TEST(LearnedFile, LeavesOutLinesThatAreNoGood) {
  const LearnedByName learned = parse_learned(
      "ocr 1 2\n\n 1 2 3\nname -1 2 3\nname 1 2 3x\nname 1 2 99999999999999\nx 99999999999999999999 1 1\nok 1 2 3\ncut "
      "5 6");
  ASSERT_EQ(learned.size(), 1U);
  EXPECT_EQ(learned.begin()->first, "ok");
  EXPECT_TRUE(parse_learned("").empty());
}

}  // namespace
}  // namespace hearth::engines
