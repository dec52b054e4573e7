#include "src/duplicates.h"

#include "conversations.h"

#include <gtest/gtest.h>

namespace hearth::trim {
namespace {

TEST(DuplicatesTest, TheSameTextIsReferredTo) {
  Shown shown;
  EXPECT_FALSE(shown.whole(source_lines(0, 30)));
  EXPECT_FALSE(shown.show(source_lines(0, 30), "A"));
  EXPECT_EQ(shown.whole(source_lines(0, 30) + "\n"), "[the same text as A]");
  EXPECT_FALSE(shown.whole(source_lines(0, 31)));
}

TEST(DuplicatesTest, LongRunsOfLinesAreReferredTo) {
  Shown shown;
  EXPECT_FALSE(shown.show(source_lines(0, 60), "A"));
  EXPECT_FALSE(shown.show(source_lines(10, 15), "short"));
  const auto rest = shown.show("new\n" + source_lines(10, 30) + "other\n" + source_lines(50, 5), "B");
  EXPECT_EQ(rest,
            "new\n[30 lines as in A, from \"const std::string value_10 = compute_something_of(19);\" to \"const "
            "std::string value_39 = compute_something_of(45);\"]\nother\n" +
                source_lines(50, 5));
}

TEST(DuplicatesTest, WhatIsReferredToIsShown) {
  Shown shown;
  EXPECT_FALSE(shown.show(source_lines(0, 40), "A"));
  ASSERT_TRUE(shown.show(source_lines(0, 40) + "changed\n" + source_lines(100, 30), "B"));
  // Lines that B has from A are A's still.
  const auto third = shown.show(source_lines(5, 30) + source_lines(100, 30), "C");
  ASSERT_TRUE(third);
  EXPECT_TRUE(third->contains("30 lines as in A"));
  EXPECT_TRUE(third->contains("as in B"));
}

TEST(DuplicatesTest, NothingRefersToItself) {
  Shown shown;
  EXPECT_FALSE(shown.show(source_lines(0, 40) + source_lines(0, 40), "A"));
}

}  // namespace
}  // namespace hearth::trim
