#include "text/markup.h"

#include <gtest/gtest.h>

#include <string>

namespace hearth::speech {
namespace {

struct Case {
  const char* written;
  const char* said;
};

class Markup : public ::testing::TestWithParam<Case> {};

TEST_P(Markup, IsTakenOut) {
  EXPECT_EQ(without_markup(GetParam().written), GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(
    Marks, Markup,
    ::testing::Values(Case{"# Heading", "Heading."}, Case{"### Is it so?", "Is it so?"},
                      Case{"- one\n- two", "one.\ntwo."}, Case{"* one;\n+ two", "one;\ntwo."},
                      Case{"> said he", "said he"}, Case{"**bold** and *slanted*", "bold and slanted"},
                      Case{"__bold__ and _slanted_", "bold and slanted"}, Case{"~~gone~~", "gone"},
                      Case{"use `ls -l` here", "use ls -l here"}, Case{"```sh\nls\n```", "\nls\n"},
                      Case{"see [the page](https://x.org/a) now", "see the page now"},
                      Case{"![a cat](cat.png)", "a cat"}, Case{"<https://x.org>", "https://x.org"},
                      Case{"a\n---\nb", "a\n\nb"}, Case{"| a | b |\n|---|---|\n| 1 | 2 |", "a, b.\n\n1, 2."},
                      Case{"done \U0001F44D\U0001F3FD!", "done !"}, Case{"good \U0001F600 day", "good day"},
                      Case{"\u2728 new", "new"}, Case{"Hearth\u2122", "Hearth"},
                      Case{"a\x01"
                           "20Pb",
                           "a 20Pb"},
                      Case{"x\uE000y", "xy"}, Case{"1. first", "1. first"}));

TEST(MarkupLeaves, WhatOnlyLooksLikeIt) {
  for (const char* text : {"5 * 3 = 15", "snake_case_name", "a ~ b", "2**3", "#hashtag", "well - yes", "- 5 degrees",
                           "[not a link]", "a < b > c", "it's | that", "Wait... what?", "f(x)[i]", "\"quoted\"",
                           "line one\nline two\n", "caf\u00e9 \u4f60\u597d\uff0c\u4e16\u754c\u3002"})
    EXPECT_EQ(without_markup(text), text);
}

TEST(Markup, AHugeNestIsLinear) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "[*`";
  EXPECT_LE(without_markup(text).size(), text.size());
  EXPECT_LE(without_markup(std::string(200'000, '#')).size(), 200'001U);
  std::string bullets;
  for (int i = 0; i < 50'000; ++i) bullets += "- ";
  EXPECT_LE(without_markup(bullets).size(), 4U);
}

}  // namespace
}  // namespace hearth::speech
