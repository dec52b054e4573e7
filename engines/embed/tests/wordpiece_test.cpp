#include "wordpiece.h"

#include "support/real_tables.h"
#include "support/tiny_table.h"

#include <hearth/core/utf8.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

namespace hearth::embed {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::uint16_t> ids_of(const WordPiece& tokenizer, std::string_view text) {
  std::vector<std::uint16_t> ids;
  tokenizer.tokenize(text, ids);
  return ids;
}

class TinyWordPiece : public testing::Test {
 protected:
  test::AlignedBytes bytes_ = test::tiny_table();
  TableView table_ = TableView::parse(bytes_.bytes()).value();
  WordPiece tokenizer_{table_};
  [[nodiscard]] std::vector<std::uint16_t> ids(std::string_view text) const { return ids_of(tokenizer_, text); }
};

TEST_F(TinyWordPiece, TakesTheLongestMatch) {
  EXPECT_THAT(ids("red greens"), ElementsAre(test::kRed, test::kGreen, test::kS));
  EXPECT_THAT(ids("GReen.Red"), ElementsAre(test::kGreen, test::kDot, test::kRed));
  EXPECT_THAT(ids("greens gr grs"), ElementsAre(test::kGreen, test::kS, test::kGr, test::kGr, test::kS));
}

TEST_F(TinyWordPiece, OneUnknownPartMakesTheWordUnknown) {
  EXPECT_THAT(ids("redder"), ElementsAre(test::kUnk));
  EXPECT_THAT(ids("red0 red"), ElementsAre(test::kUnk, test::kRed));
  EXPECT_THAT(ids("red!red"), ElementsAre(test::kRed, test::kUnk, test::kRed));
}

TEST_F(TinyWordPiece, DropsControlCharactersAndWhatIsNotUtf8) {
  EXPECT_THAT(ids("re\x01"
                  "d"),
              ElementsAre(test::kRed));
  EXPECT_THAT(ids(std::string("re\0d", 4)), ElementsAre(test::kRed));
  EXPECT_THAT(ids("re\xFF\xC3"
                  "d \xE2\x82"),
              ElementsAre(test::kRed));
  EXPECT_THAT(ids(""), IsEmpty());
  EXPECT_THAT(ids(" \x7f "), IsEmpty());
}

// The ids Hugging Face's tokenizers gives; tools/distill/fixtures.py wrote them.
TEST(WordPiece, AgreesWithTheReferenceOnTrickyTexts) {
  const WordPiece tokenizer(test::real_tables().words);
  std::ifstream file(HEARTH_EMBED_TEST_DATA "/wordpiece.jsonl");
  std::size_t texts = 0;
  for (std::string line; std::getline(file, line); ++texts) {
    const auto expected = boost::json::parse(line);
    const std::string text(expected.at("text").as_string());
    EXPECT_EQ(ids_of(tokenizer, text), boost::json::value_to<std::vector<std::uint16_t>>(expected.at("ids"))) << line;
  }
  EXPECT_GT(texts, 350U);
}

// Every code point, inside a word and alone: the reference's ids, as one number.
TEST(WordPiece, AgreesWithTheReferenceOnAllOfUnicode) {
  const WordPiece tokenizer(test::real_tables().words);
  std::ifstream file(HEARTH_EMBED_TEST_DATA "/all_unicode.json");
  std::string line;
  std::getline(file, line);
  const auto expected = boost::json::parse(line);

  std::uint64_t digest = 0xcbf29ce484222325U;
  std::int64_t count = 0;
  std::vector<std::uint16_t> ids;
  std::string text;
  for (std::uint32_t c = 0; c < kCodePoints; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    text = "x";
    append_utf8(text, c);
    text += "y ";
    append_utf8(text, c);
    ids.clear();
    tokenizer.tokenize(text, ids);
    count += static_cast<std::int64_t>(ids.size());
    for (const std::uint16_t id : ids) {
      digest = (digest ^ (id & 0xFFU)) * 0x100000001b3U;
      digest = (digest ^ (id >> 8U)) * 0x100000001b3U;
    }
  }
  EXPECT_EQ(count, expected.at("ids").as_int64());
  EXPECT_EQ(fmt::format("{:016x}", digest), expected.at("fnv1a").as_string());
}

}  // namespace
}  // namespace hearth::embed
