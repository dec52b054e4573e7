#include "guards.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace hearth::whisper {
namespace {

std::vector<Word> words(std::string_view text) {
  std::vector<Word> made;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' ', 1), text.size());
    made.push_back({std::string(text.substr(0, end)), 0, 0, 1});
    text.remove_prefix(end);
  }
  return made;
}

std::string without_repeats(std::string_view text) {
  std::vector<Word> kept = words(text);
  cut_repeats(kept);
  return text_of(kept);
}

TEST(Guards, ALoopIsKeptOnce) {
  EXPECT_EQ(
      without_repeats("I am here. Thank you very much. Thank you very much. thank you very much Thank you very much."),
      "I am here. Thank you very much.");
  EXPECT_EQ(without_repeats("so so so so so so so so so it ends"), "so it ends");
  EXPECT_EQ(without_repeats("你 好 吗 你 好 吗 你 好 吗 你 好 吗 再 见"), "你 好 吗 再 见");
}

TEST(Guards, WhatPeopleRepeatStays) {
  for (const char* said : {"no no no no no", "Yes, sir. Yes, sir. Yes, sir.",
                           "one two three one two three one two four", "a rose is a rose is a rose"})
    EXPECT_EQ(without_repeats(said), said);
}

// A phrase again and again comes out once, whatever it is and wherever it stands.
RC_GTEST_PROP(GuardsProperty, LoopsOfAnyLengthAreCut, ()) {
  const auto phrase = *rc::gen::inRange(3, 12);
  const auto times = *rc::gen::inRange(4, 12);
  const auto before = *rc::gen::inRange(0, 5);
  std::vector<Word> said;
  for (int i = 0; i < before; ++i) said.push_back({" before" + std::to_string(i), 0, 0, 1});
  for (int t = 0; t < times; ++t)
    for (int i = 0; i < phrase; ++i) said.push_back({" word" + std::to_string(i), 0, 0, 1});
  said.push_back({" after", 0, 0, 1});
  const std::size_t cut = cut_repeats(said);
  RC_ASSERT(cut == static_cast<std::size_t>((times - 1) * phrase));
  RC_ASSERT(said.size() == static_cast<std::size_t>(before + phrase + 1));
  RC_ASSERT(said.back().text == " after");
}

RC_GTEST_PROP(GuardsProperty, DifferentWordsAreAllKept, (std::size_t n)) {
  std::vector<Word> said;
  for (std::size_t i = 0; i < n % 200; ++i) said.push_back({" word" + std::to_string(i), 0, 0, 1});
  RC_ASSERT(cut_repeats(said) == 0U);
  RC_ASSERT(said.size() == n % 200);
}

TEST(Guards, TheFourthEchoIsThrownOut) {
  Echo echo;
  const auto thanks = words("Thank you.");
  EXPECT_FALSE(echo.repeats(thanks));
  EXPECT_FALSE(echo.repeats(words("thank you")));
  EXPECT_FALSE(echo.repeats(thanks));
  EXPECT_TRUE(echo.repeats(thanks));
  EXPECT_TRUE(echo.repeats(thanks));
  EXPECT_FALSE(echo.repeats(words("Good bye.")));
  EXPECT_FALSE(echo.repeats(thanks));
}

TEST(Guards, DoubtTakesBothSilenceAndUncertainty) {
  EXPECT_TRUE(is_doubtful(0.9, -1.5));
  EXPECT_FALSE(is_doubtful(0.9, -0.3));
  EXPECT_FALSE(is_doubtful(0.1, -1.5));
}

TEST(Guards, TextFarFromAnySpeechIsUnheard) {
  const std::vector<Stretch> speech{{1, 2}, {5, 6}};
  EXPECT_FALSE(is_unheard(1.2, 1.8, speech));
  EXPECT_FALSE(is_unheard(2.3, 2.6, speech));  // close enough: the model's times are rough
  EXPECT_TRUE(is_unheard(3, 4, speech));
  EXPECT_TRUE(is_unheard(9, 10, speech));
  EXPECT_TRUE(is_unheard(1, 2, {}));
}

}  // namespace
}  // namespace hearth::whisper
