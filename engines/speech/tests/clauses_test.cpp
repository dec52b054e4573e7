#include "clauses.h"

#include "speech_fixture.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace hearth::speech {
namespace {

std::string shown(std::string_view text) {
  std::string out;
  for (const Clause& c : clauses_of(text)) {
    out += "[" + c.text;
    if (c.mark != '\0') out += std::string("|") + c.mark;
    out += "]";
  }
  return out;
}

TEST(Clauses, MarksAreKeptApart) {
  EXPECT_EQ(shown("Good morning, world. How are you?"), "[Good morning|,][world|.][How are you|?]");
  EXPECT_EQ(shown("At 3.5 it ends"), "[At 3.5 it ends]");
  EXPECT_EQ(shown("\"Stop!\" he said."), "[\"Stop|!][\" he said|.]");
  EXPECT_EQ(shown("你好，世界。"), "[你好|,][世界|.]");
  EXPECT_EQ(shown("Really?! ..."), "[Really|.]");
  EXPECT_EQ(shown(" . , "), "");
}

RC_GTEST_PROP(Clauses, NoLetterIsLost, ()) {
  const auto text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', ' ', '.', ',', '!', '3', '"'));
  const auto letters = [](std::string_view t) {
    std::string out;
    std::ranges::copy_if(t, std::back_inserter(out), [](char c) { return (c >= 'a' && c <= 'z') || c == '3'; });
    return out;
  };
  std::string all;
  for (const Clause& c : clauses_of(text)) {
    RC_ASSERT(!c.text.empty());
    all += c.text;
  }
  RC_ASSERT(letters(all) == letters(text));
}

TEST(Phonemes, SwitchesAreLeftOut) {
  EXPECT_EQ(without_switches("(en)həlˈoʊ(cmn)nˈi2"), "həlˈoʊnˈi2");
  EXPECT_EQ(without_switches("a(b"), "a");
  EXPECT_EQ(without_switches(""), "");
}

std::string phonemes(std::string_view text, std::string_view language = {}) {
  const Speaker speaker = synthesizer().voices().speaker("").value();
  const Plan plan = plan_speech(synthesizer().voices(), speaker, language, text).value();
  return synthesizer().phonemes(plan).value_or("(failed)");
}

TEST(Phonemes, WordsInTheInternationalAlphabetWithTheirMarks) {
  EXPECT_EQ(phonemes("Hello, world."), "həlˈoʊ, wˈɜːld.");
  EXPECT_EQ(phonemes("Good morning! It is 3 o'clock?").back(), '?');
  EXPECT_NE(phonemes("Guten Tag.", "de").find("ɡˈuːtən"), std::string::npos) << phonemes("Guten Tag.", "de");
  EXPECT_FALSE(phonemes("你好。").empty());
  EXPECT_EQ(phonemes("Hello, world."), "həlˈoʊ, wˈɜːld.") << "as before, after another language";
}

}  // namespace
}  // namespace hearth::speech
