#include "cl100k.h"

#include "support/real_tables.h"
#include "support/tiny_table.h"

#include <gmock/gmock.h>

#include <cstring>

namespace hearth::embed {
namespace {

using test::AlignedBytes;

TEST(Cl100k, GivesTheBytesOfEachToken) {
  std::vector<std::string> tokens;
  for (int i = 0; i < 50; ++i)
    tokens.push_back(std::string(static_cast<std::size_t>(i % 5), static_cast<char>('a' + i % 26)));
  AlignedBytes bytes = test::tiny_cl100k(tokens);
  const auto view = Cl100kView::parse(bytes.bytes());
  ASSERT_TRUE(view) << view.error().describe();
  ASSERT_EQ(view->size(), 50U);
  for (std::uint32_t i = 0; i < 50; ++i) EXPECT_EQ(view->text(i), tokens[i]);
  EXPECT_EQ(view->text(50), std::nullopt);
  EXPECT_EQ(view->text(~std::uint64_t{0}), std::nullopt);
}

// tiktoken's documented examples for cl100k_base, and both ends of the table.
TEST(Cl100k, TheCommittedFileIsOpenAisVocabulary) {
  const Cl100kView& ids = test::real_tables().ids;
  EXPECT_EQ(ids.size(), 100256U);
  std::string text;
  for (const std::uint32_t id : {15339U, 1917U}) text += ids.text(id).value();
  EXPECT_EQ(text, "hello world");
  text.clear();
  for (const std::uint32_t id : {83U, 1609U, 5963U, 374U, 2294U, 0U}) text += ids.text(id).value();
  EXPECT_EQ(text, "tiktoken is great!");
  EXPECT_EQ(ids.text(100255), " Conveyor");
  EXPECT_EQ(ids.text(100256), std::nullopt);
  EXPECT_EQ(ids.text(100257), std::nullopt) << "special tokens have no text";
}

TEST(Cl100k, RefusesWhatIsDamaged) {
  const std::vector<std::string> tokens{"a", "bc", "def"};
  for (std::size_t length = 0; length < test::tiny_cl100k(tokens).bytes().size(); ++length) {
    AlignedBytes cut = test::tiny_cl100k(tokens);
    cut.truncate(length);
    EXPECT_FALSE(Cl100kView::parse(cut.bytes())) << length;
  }
  for (std::size_t at = 0; at < test::tiny_cl100k(tokens).bytes().size(); ++at) {
    AlignedBytes changed = test::tiny_cl100k(tokens);
    changed.bytes()[at] ^= std::byte{0x04};
    EXPECT_FALSE(Cl100kView::parse(changed.bytes())) << at;
  }
  // With a checksum that fits: a length that does not add up, a block that begins elsewhere.
  for (const std::size_t at : {std::size_t{64}, std::size_t{68}, std::size_t{72}}) {
    AlignedBytes changed = test::tiny_cl100k(tokens);
    changed.bytes()[at] ^= std::byte{0x01};
    changed.seal();
    EXPECT_FALSE(Cl100kView::parse(changed.bytes())) << at;
  }
}

}  // namespace
}  // namespace hearth::embed
