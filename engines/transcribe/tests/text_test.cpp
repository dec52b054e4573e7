#include "text.h"

#include <gtest/gtest.h>

namespace hearth::transcribe {
namespace {

TEST(Text, CapitalsThatEnglishAlwaysHas) {
  EXPECT_EQ(written("i"), "I");
  EXPECT_EQ(written("i'll"), "I'll");
  EXPECT_EQ(written("is"), "is");
  EXPECT_EQ(written("mr"), "Mr");
  EXPECT_EQ(written("b."), "B");
  EXPECT_EQ(written("u.s."), "U.S.");
  EXPECT_EQ(written("house"), "house");
  EXPECT_EQ(written(""), "");
}

TEST(Text, ASentenceBeginsLargeAndHasNoInventedMarks) {
  const std::vector<Word> words{{"go", 0, 0, 1}, {"where", 0, 0, 1}, {"i", 0, 0, 1}, {"go", 0, 0, 1}};
  EXPECT_EQ(sentence(words), "Go where I go");
  EXPECT_EQ(sentence({}), "");
}

}  // namespace
}  // namespace hearth::transcribe
