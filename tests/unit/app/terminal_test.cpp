#include "terminal.h"

#include <gtest/gtest.h>

namespace hearth::tool {
namespace {

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("plain"), 5U);
  EXPECT_EQ(display_width("naïve"), 5U);
  EXPECT_EQ(display_width("你好"), 4U);
  EXPECT_EQ(display_width("こんにちは"), 10U);
  EXPECT_EQ(display_width("안녕"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U) << "a combining accent takes no column";
  EXPECT_EQ(display_width(""), 0U);
}

TEST(DisplayWidth, BytesThatAreNotUtf8TakeOneColumnEach) {
  EXPECT_EQ(display_width("\xFF\xFE"), 2U);
}

TEST(Cut, KeepsWhatFits) {
  EXPECT_EQ(cut("hearth", 6), "hearth");
  EXPECT_EQ(cut("hearth", 5), "hear…");
  EXPECT_EQ(cut("hearth", 0), "");
}

TEST(Cut, NeverSplitsAWideCharacter) {
  EXPECT_EQ(cut("你好世界", 8), "你好世界");
  EXPECT_EQ(cut("你好世界", 6), "你好…");
  EXPECT_EQ(cut("你好世界", 5), "你好…");
  EXPECT_LE(display_width(cut("你好世界", 4)), 4U);
}

TEST(Pad, FillsUpToColumns) {
  EXPECT_EQ(pad_right("你好", 6), "你好  ");
  EXPECT_EQ(pad_left("7", 3), "  7");
  EXPECT_EQ(pad_right("longer", 3), "longer");
}

TEST(Paint, OnlyWithColour) {
  EXPECT_EQ(paint("x", Ink::red, false), "x");
  EXPECT_EQ(paint("x", Ink::red, true), "\033[31mx\033[0m");
  EXPECT_EQ(paint("x", Ink::plain, true), "x");
}

TEST(Printable, DisarmsEscapeSequences) {
  EXPECT_EQ(printable("a\033[2Jb"), "a\xEF\xBF\xBD[2Jb");
  EXPECT_EQ(printable("a\xC2\x9B"
                      "2Jb"),
            "a\xEF\xBF\xBD"
            "2Jb")
      << "the eight-bit form of ESC [";
  EXPECT_EQ(printable("tab\there\nline"), "tab here line");
  EXPECT_EQ(printable("two\nlines", Newlines::keep), "two\nlines");
  EXPECT_EQ(printable("\xFF"), "\xEF\xBF\xBD");
  EXPECT_EQ(printable("你好"), "你好");
}

}  // namespace
}  // namespace hearth::tool
