#include "plan.h"

#include "speech_fixture.h"

#include <gtest/gtest.h>

namespace hearth::speech {
namespace {

Plan plan(std::string_view text, std::string_view voice = "alloy", std::string_view language = {}) {
  const Voices& v = synthesizer().voices();
  return plan_speech(v, v.speaker(voice).value(), language, text).value();
}

TEST(Plan, EnglishIsOnePieceInTheVoicesAccent) {
  const Plan p = plan("It is 7pm.");
  ASSERT_EQ(p.pieces.size(), 1U);
  EXPECT_EQ(p.pieces[0].text, "It is seven PM.");
  EXPECT_EQ(p.pieces[0].voice_file, "gmw/en-US+f5");
  EXPECT_EQ(plan("Hello", "fable").pieces[0].voice_file, "gmw/en+m4");
}

TEST(Plan, ChineseIsSpokenInMandarinWithAnyName) {
  for (const char* voice : {"alloy", "onyx", "fable", ""}) {
    const Plan p = plan("你好，现在14:05。", voice);
    EXPECT_EQ(p.language, "cmn");
    ASSERT_EQ(p.pieces.size(), 1U);
    EXPECT_EQ(p.pieces[0].text, "你好，现在十四点零五分。");
    EXPECT_EQ(p.pieces[0].voice_file.rfind("sit/cmn-Latn-pinyin", 0), 0U) << p.pieces[0].voice_file;
  }
}

TEST(Plan, MixedTextChangesTheVoice) {
  const Plan p = plan("He said 你好 and 再见 at 7pm");
  ASSERT_EQ(p.pieces.size(), 5U);
  EXPECT_EQ(p.pieces[0].voice_file, "gmw/en-US+f5");
  EXPECT_EQ(p.pieces[1].voice_file, "sit/cmn-Latn-pinyin+f5");
  EXPECT_EQ(p.pieces[4].text, "at seven PM");
}

TEST(Plan, ANamedLanguageDecides) {
  EXPECT_EQ(plan("Um 14:05 Uhr", "de").pieces[0].text, "Um 14:05 Uhr");
  EXPECT_EQ(plan("Um 14:05 Uhr", "nova", "de").pieces[0].voice_file, "gmw/de+f3");
  EXPECT_EQ(plan("Київ", "nova", "uk").pieces[0].voice_file, "zle/uk+f3");
  EXPECT_EQ(plan("Москва").pieces[0].voice_file, "zle/ru+f5");
  EXPECT_EQ(plan("今日はいい天気").language, "ja");
  EXPECT_EQ(plan("30%", "alloy", "cmn").pieces[0].text, "百分之三十");
}

TEST(Plan, WhatCannotBeSaidIsRefused) {
  const Voices& v = synthesizer().voices();
  const Speaker s = v.speaker("").value();
  for (const char* text : {" ", "...", "\U0001F600", "**", "\x01\x02", "---"}) {
    const auto p = plan_speech(v, s, "", text);
    ASSERT_FALSE(p.has_value()) << text;
    EXPECT_TRUE(p.error().is(Errc::invalid_argument));
  }
}

TEST(Plan, AnEndlessWordIsBroken) {
  const Plan p = plan(std::string(5000, 'a'));
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : p.pieces[0].text) {
    run = c == ' ' ? 0 : run + 1;
    longest = std::max(longest, run);
  }
  EXPECT_LE(longest, 120U);
}

}  // namespace
}  // namespace hearth::speech
