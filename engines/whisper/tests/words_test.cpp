#include "words.h"

#include <hearth/core/utf8.h>

#include <gmock/gmock.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace hearth::whisper {
namespace {

using ::testing::ElementsAre;

// Tokens a tenth of a second long, one after the other.
std::vector<Token> tokens(const std::vector<std::string>& bytes) {
  std::vector<Token> made;
  for (const std::string& b : bytes) {
    const double start = static_cast<double>(made.size()) / 10;
    made.push_back({b, start, start + 0.1, 0.5});
  }
  return made;
}

std::vector<std::string> texts(const std::vector<std::string>& bytes) {
  std::vector<std::string> found;
  for (const Word& word : words_of(tokens(bytes))) found.push_back(word.text);
  return found;
}

TEST(Words, BeginWithTheirSpace) {
  EXPECT_THAT(texts({" Ask", " not", " what", " your", " count", "ry"}),
              ElementsAre(" Ask", " not", " what", " your", " country"));
  EXPECT_THAT(texts({}), ElementsAre());
  EXPECT_THAT(texts({"", " ", "\n"}), ElementsAre());
}

TEST(Words, PunctuationStaysWithTheWordItTouches) {
  EXPECT_THAT(texts({" country", ",", " he", " said", ".", " \"", "Go", "!\"", " (", "now", ")"}),
              ElementsAre(" country,", " he", " said.", " \"Go!\"", " (now)"));
  EXPECT_THAT(texts({" I", "'m", " 5", "%", " well", "-", "known"}), ElementsAre(" I'm", " 5%", " well-known"));
}

TEST(Words, ScriptsWithoutSpacesAreCutAtCharacters) {
  EXPECT_THAT(texts({"你", "好", "，", "世界", "。"}), ElementsAre("你", "好，", "世界。"));
  EXPECT_THAT(texts({"「", "こん", "にちは", "」"}), ElementsAre("「こん", "にちは」"));
  EXPECT_THAT(texts({"用", " Linux", "系统"}), ElementsAre("用", " Linux", "系统"));
  // Korean has spaces.
  EXPECT_THAT(texts({"안", "녕", " 하세요"}), ElementsAre("안녕", " 하세요"));
}

TEST(Words, CharactersSplitOverTokensAreWhole) {
  EXPECT_THAT(texts({" Gr\xC3", "\xBC\xC3", "\x9F", "e"}), ElementsAre(" Grüße"));
  EXPECT_THAT(texts({"\xE4", "\xBD", "\xA0", "\xE5\xA5", "\xBD"}), ElementsAre("你", "好"));
  EXPECT_THAT(texts({" \xF0\x9F", "\x92\xA1"}), ElementsAre(" 💡"));
}

TEST(Words, BytesThatAreNoCharacterAreReplaced) {
  EXPECT_THAT(texts({" a\xFF", "b"}), ElementsAre(" a\xEF\xBF\xBD"
                                                  "b"));
  EXPECT_THAT(texts({" a", "\xE4"}), ElementsAre(" a\xEF\xBF\xBD"));
  EXPECT_THAT(texts({"\xE4", " b"}), ElementsAre("\xEF\xBF\xBD b"));
}

TEST(Words, TimesReachFromTheFirstTokenToTheLast) {
  const auto words = words_of(tokens({" a", " count", "r\xC3", "\xBC", "."}));
  ASSERT_EQ(words.size(), 2U);
  EXPECT_DOUBLE_EQ(words[1].start, 0.1);
  EXPECT_DOUBLE_EQ(words[1].end, 0.5);
  EXPECT_DOUBLE_EQ(words[1].probability, 0.5);
}

// Whatever the tokens hold, their text comes out as UTF-8, nothing is lost that was well-formed, and times are in
// order.
RC_GTEST_PROP(WordsProperty, AreWellFormedAndLoseNothing, (const std::vector<std::string>& parts)) {
  const auto words = words_of(tokens(parts));
  std::string joined;
  for (const Word& word : words) {
    RC_ASSERT(is_utf8(word.text));
    RC_ASSERT(!trimmed(word.text).empty());
    RC_ASSERT(word.start <= word.end);
    RC_ASSERT(word.probability >= 0 && word.probability <= 1);
    joined += word.text;
  }
  std::string said;
  for (const std::string& part : parts) said += part;
  if (is_utf8(said) && said.find_first_of(" \t\r\n") == std::string::npos) RC_ASSERT(joined == said);
}

// The same text in any pieces has the same letters.
RC_GTEST_PROP(WordsProperty, DoNotDependOnWhereBytesAreCut, ()) {
  const auto letters = *rc::gen::container<std::vector<char32_t>>(
      rc::gen::element<char32_t>(U'a', U'é', U'你', U'💡', U'ß', U' ', U'.', U'ก'));
  std::string text;
  for (const char32_t c : letters) append_utf8(text, c);
  std::vector<std::string> parts;
  for (std::string_view rest = text; !rest.empty();) {
    const auto n = std::min<std::size_t>(rest.size(), *rc::gen::inRange<std::size_t>(1, 5));
    parts.emplace_back(rest.substr(0, n));
    rest.remove_prefix(n);
  }
  std::string joined;
  for (const Word& word : words_of(tokens(parts))) joined += word.text;
  std::erase(joined, ' ');
  std::erase(text, ' ');
  RC_ASSERT(joined == text);
}

}  // namespace
}  // namespace hearth::whisper
