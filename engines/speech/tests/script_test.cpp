#include "text/script.h"

#include <gtest/gtest.h>

namespace hearth::speech {
namespace {

TEST(Script, ATextIsCutWhereItChanges) {
  const std::string_view text = "3 words, 你好。Then 2 more — привет!";
  const auto runs = runs_by_script(text);
  ASSERT_EQ(runs.size(), 4U);
  EXPECT_EQ(runs[0].text, "3 words, ");
  EXPECT_EQ(runs[1].text, "你好。");
  EXPECT_EQ(runs[1].script, Script::han);
  EXPECT_EQ(runs[2].text, "Then 2 more — ");
  EXPECT_EQ(runs[3].script, Script::cyrillic);
}

TEST(Script, TheRunsAreTheText) {
  for (const std::string_view text : {"", "...", "12", "a你b", "日本語のテキスト", "한국어 English"}) {
    std::string joined;
    for (const auto& run : runs_by_script(text)) joined += run.text;
    EXPECT_EQ(joined, text);
  }
}

TEST(Script, TheMainOne) {
  EXPECT_EQ(main_script("hello"), Script::latin);
  EXPECT_EQ(main_script("你好"), Script::han);
  EXPECT_EQ(main_script("我用 Python 写代码"), Script::han);
  EXPECT_EQ(main_script("He said 你好 and left the room"), Script::latin);
  EXPECT_EQ(main_script("今日はいい天気です"), Script::kana);
  EXPECT_EQ(main_script("Привет, мир"), Script::cyrillic);
  EXPECT_EQ(main_script("12:30!"), Script::common);
}

TEST(Script, SpeakableNeedsALetterOrADigit) {
  EXPECT_TRUE(is_speakable("... a"));
  EXPECT_TRUE(is_speakable("5"));
  EXPECT_TRUE(is_speakable("你"));
  EXPECT_FALSE(is_speakable(""));
  EXPECT_FALSE(is_speakable(" \n\t"));
  EXPECT_FALSE(is_speakable("?!… — 。"));
}

TEST(Script, LanguagesAndScriptsAgree) {
  for (const Script s : {Script::han, Script::kana, Script::hangul, Script::cyrillic, Script::greek, Script::arabic,
                         Script::hebrew, Script::thai, Script::devanagari, Script::georgian})
    EXPECT_EQ(script_of_language(language_of(s)), s);
  EXPECT_EQ(script_of_language("en-us"), Script::latin);
  EXPECT_EQ(script_of_language("uk"), Script::cyrillic);
}

}  // namespace
}  // namespace hearth::speech
