#include "src/whitespace.h"

#include "conversations.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hearth::trim {
namespace {

TEST(WhitespaceTest, WhatATerminalWouldNotShowGoes) {
  EXPECT_EQ(trim_whitespace("\x1b[1;31merror\x1b[0m: x\x1b]8;;http://a\x1b\\link\x1b]8;;\x07"), "error: xlink");
  EXPECT_EQ(trim_whitespace("  1%\r 50%\r100% done\nnext\r\n"), "100% done\nnext");
  EXPECT_EQ(trim_whitespace("a  \t\n\n\n\nb   "), "a\n\nb");
  EXPECT_EQ(trim_whitespace("\n\n\n  a\n"), "  a");
}

TEST(WhitespaceTest, IndentationAndBlanksWithinLinesStay) {
  EXPECT_FALSE(trim_whitespace("  a   b\n\tc\n\n    d"));
  EXPECT_EQ(trim_whitespace("  a   b \n\tc"), "  a   b\n\tc");
}

TEST(WhitespaceTest, TroubleThatWasOverwrittenStays) {
  EXPECT_EQ(trim_whitespace("10%\rerror: no space\r100%\n"), "error: no space\n100%");
}

RC_GTEST_PROP(WhitespaceProperty, TwiceIsOnceAndWordsStay, ()) {
  const std::string text = any_text() + *rc::gen::element<std::string>("\x1b", "\x1b[", "\r", "\x1b]x", " \n", "");
  const auto once = trim_whitespace(text);
  if (!once) return;
  RC_ASSERT(once->size() < text.size());
  RC_ASSERT(!trim_whitespace(*once));
}

}  // namespace
}  // namespace hearth::trim
