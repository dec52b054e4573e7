#include <hearth/core/edit_distance.h>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace hearth {
namespace {

TEST(EditDistance, CountsEachKindOfEdit) {
  const EditCounts same = word_errors("the cat sat", "the cat sat");
  EXPECT_EQ(same.errors(), 0U);
  EXPECT_EQ(same.reference, 3U);

  const EditCounts mixed = word_errors("the cat sat on the mat today again", "a cat sat on mat today again now");
  EXPECT_EQ(mixed.errors(), 3U);
  EXPECT_EQ(mixed.substitutions, 1U);
  EXPECT_EQ(mixed.deletions, 1U);
  EXPECT_EQ(mixed.insertions, 1U);
  EXPECT_DOUBLE_EQ(mixed.rate(), 3.0 / 8.0);
}

TEST(EditDistance, EmptySides) {
  EXPECT_EQ(word_errors("", "").rate(), 0.0);
  EXPECT_EQ(word_errors("", "one two").insertions, 2U);
  EXPECT_EQ(word_errors("", "one two").rate(), 1.0);
  EXPECT_EQ(word_errors("one two", "").deletions, 2U);
  EXPECT_EQ(word_errors("one two", "").rate(), 1.0);
  EXPECT_EQ(character_errors(" \n ", "").reference, 0U);
}

TEST(EditDistance, MoreInsertionsThanWordsPassOne) {
  EXPECT_DOUBLE_EQ(word_errors("yes", "oh yes I do").rate(), 3.0);
}

TEST(EditDistance, FoldedIgnoresCasePunctuationAndTitles) {
  EXPECT_EQ(word_errors("Don't stop, Mr. Dashwood!", "dont stop mister dashwood").errors(), 0U);
  EXPECT_EQ(word_errors("ill-disposed", "ill disposed").errors(), 0U);
  EXPECT_EQ(word_errors("Don\u2019t", "don't").errors(), 0U);
  EXPECT_EQ(word_errors("CAF\u00C9 \u0416", "caf\u00E9 \u0436").errors(), 0U);
  EXPECT_EQ(scoring_text("\u201CHello\u201D \u2014 he said\u2026", Scoring::folded), "hello he said");
}

TEST(EditDistance, VerbatimKeepsCaseAndPunctuation) {
  EXPECT_EQ(character_errors("Hello, World", "hello world").errors(), 3U);
  EXPECT_EQ(character_errors("a\n\n b", "a b").errors(), 0U);
}

TEST(EditDistance, ChineseCountsCharacters) {
  const EditCounts c = word_errors("今天天气很好。", "今天气很好");
  EXPECT_EQ(c.reference, 6U);
  EXPECT_EQ(c.deletions, 1U);
  EXPECT_EQ(c.errors(), 1U);
  EXPECT_EQ(character_errors("今天", "今日").substitutions, 1U);
}

TEST(EditDistance, BytesThatAreNotUtf8AreOneUnitEach) {
  EXPECT_EQ(scoring_text("a\xFF\xC3", Scoring::verbatim), "a\uFFFD\uFFFD");
  EXPECT_EQ(character_errors("ab", "a\xFF").substitutions, 1U);
}

// A plain recursive definition to compare with.
std::size_t plain_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
    }
  }
  return d[a.size()][b.size()];
}

TEST(EditDistance, AgreesWithThePlainDefinitionAndItsLaws) {
  std::mt19937 random(7);
  const auto text = [&] {
    std::string s(random() % 12, 'a');
    for (char& c : s) c = static_cast<char>('a' + random() % 3);
    return s;
  };
  for (int i = 0; i < 2000; ++i) {
    const std::string a = text();
    const std::string b = text();
    const EditCounts ab = character_errors(a, b);
    EXPECT_EQ(ab.errors(), plain_distance(a, b)) << a << " / " << b;
    EXPECT_EQ(ab.errors(), character_errors(b, a).errors());
    // What the reference loses and the hypothesis gains must add up to their lengths.
    EXPECT_EQ(a.size() - ab.deletions, b.size() - ab.insertions) << a << " / " << b;
  }
}

TEST(EditDistance, ACorpusAddsUp) {
  EditCounts sum;
  sum += word_errors("one two three", "one two");
  sum += word_errors("four", "five");
  EXPECT_EQ(sum.reference, 4U);
  EXPECT_DOUBLE_EQ(sum.rate(), 0.5);
}

}  // namespace
}  // namespace hearth
