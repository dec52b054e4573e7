#include "vocabulary.h"

#include "support/real_tables.h"

#include <hearth/core/utf8.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

namespace hearth::embed {
namespace {

using testing::ElementsAre;

using Tokenizer = BasicWordPiece<Vocabulary>;

std::vector<std::uint32_t> ids_of(const Vocabulary& vocabulary, std::string_view text) {
  std::vector<std::uint32_t> ids;
  Tokenizer(vocabulary).tokenize(text, ids);
  return ids;
}

// The table's tokens as a file, with the marks that the table leaves out at its end: so the ids are the table's rows.
const Vocabulary& real_vocabulary() {
  static const Vocabulary kVocabulary = [] {
    const TableView& table = test::real_tables().words;
    std::string text;
    for (std::uint32_t row = 0; row < table.rows(); ++row) text += std::string(table.token(row)) + "\n";
    return Vocabulary::parse(text + "[CLS]\n[SEP]\n", LetterCase::lower).value();
  }();
  return kVocabulary;
}

TEST(Vocabulary, AgreesWithTheReference) {
  std::ifstream file(HEARTH_EMBED_TEST_DATA "/wordpiece.jsonl");
  std::size_t texts = 0;
  for (std::string line; std::getline(file, line); ++texts) {
    const auto expected = boost::json::parse(line);
    const std::string text(expected.at("text").as_string());
    EXPECT_EQ(ids_of(real_vocabulary(), text), boost::json::value_to<std::vector<std::uint32_t>>(expected.at("ids")))
        << line;
  }
  EXPECT_GT(texts, 350U);
}

// Every character means the same to the table, which was made by asking the reference.
TEST(Vocabulary, AgreesWithTheTableOnAllOfUnicode) {
  const TableView& table = test::real_tables().words;
  const Vocabulary& mine = real_vocabulary();
  std::size_t different = 0;
  for (std::uint32_t c = 0; c < kCodePoints; ++c) {
    const std::uint16_t theirs = table.char_code(c);
    const std::uint16_t code = mine.char_code(c);
    bool same = (theirs < kCharFirstRecord || code < kCharFirstRecord) ? theirs == code : true;
    if (same && theirs >= kCharFirstRecord) {
      const CharRecord& a = table.char_record(theirs);
      const CharRecord& b = mine.char_record(code);
      same = a.alone == b.alone && a.chars == b.chars &&
             std::string_view(a.text.data(), a.bytes) == std::string_view(b.text.data(), b.bytes);
    }
    if (!same && ++different < 10) ADD_FAILURE() << fmt::format("U+{:04X}: {} instead of {}", c, code, theirs);
  }
  EXPECT_EQ(different, 0U);
}

TEST(Vocabulary, CasedModelsKeepCaseAndAccents) {
  const std::string text = "[UNK]\n[CLS]\n[SEP]\nBär\nbar\n##en\n한\n中\n";
  const Vocabulary cased = Vocabulary::parse(text, LetterCase::kept).value();
  EXPECT_EQ(cased.first_mark(), 1U);
  EXPECT_EQ(cased.last_mark(), 2U);
  EXPECT_EQ(cased.size(), 8U);
  EXPECT_THAT(ids_of(cased, "Bären bar BAR 한 中中"), ElementsAre(3, 5, 4, 0, 6, 7, 7));
  const Vocabulary uncased = Vocabulary::parse(text, LetterCase::lower).value();
  EXPECT_THAT(ids_of(uncased, "Bären bar BAR"), ElementsAre(4, 5, 4, 4));
}

TEST(Vocabulary, RefusesWhatIsNone) {
  EXPECT_FALSE(Vocabulary::parse("", LetterCase::lower).has_value());
  EXPECT_FALSE(Vocabulary::parse("a\nb\n", LetterCase::lower).has_value());
  EXPECT_FALSE(Vocabulary::parse("[UNK]\n[CLS]\n[SEP]\n\xFF\n", LetterCase::lower).has_value());
  EXPECT_FALSE(Vocabulary::parse("[UNK]\n[CLS]\n[SEP]\n" + std::string(501, 'a'), LetterCase::lower).has_value());
  EXPECT_TRUE(Vocabulary::parse("[UNK]\r\n[CLS]\r\n[SEP]\r\n\r\n##\r\n", LetterCase::lower).has_value());
}

}  // namespace
}  // namespace hearth::embed
