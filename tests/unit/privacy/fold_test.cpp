#include "src/fold.h"

#include <gtest/gtest.h>

namespace hearth::privacy {
namespace {

TEST(FoldTest, OrdinaryTextIsOnlyViewed) {
  for (const std::string_view text : {"plain", "Grüße, für 5 €", "中文，全角标点。", "emoji 👩 ok", "", "\xFF\xC3"}) {
    const FoldedText folded(text);
    EXPECT_EQ(folded.view().data(), text.data());
    EXPECT_EQ(folded.view(), text);
  }
}

TEST(FoldTest, UnusualDigitsAndSignsBecomeAsciis) {
  EXPECT_EQ(FoldedText("４１１１").view(), "4111");
  EXPECT_EQ(FoldedText("ｊｏｈｎ＠ｅｘａｍｐｌｅ．ｃｏｍ").view(), "john@example.com");
  EXPECT_EQ(FoldedText("a﹫b").view(), "a@b");
  EXPECT_EQ(FoldedText("٠١٢٣٤٥٦٧٨٩").view(), "0123456789");
  EXPECT_EQ(FoldedText("۰۱۲۳۴۵۶۷۸۹").view(), "0123456789");
  EXPECT_EQ(FoldedText("०१२३४५६७८९").view(), "0123456789");
  EXPECT_EQ(FoldedText("𝟎𝟏𝟘𝟙𝟢𝟬𝟶𝟿").view(), "01010009");
  EXPECT_EQ(FoldedText("12\u00A034\u202F56\u200913\u2011 7\u22128").view(), "12 34 56 13- 7-8");
  EXPECT_EQ(FoldedText("4\u200B1\u200C1\u200D1\u2060\uFEFF\u00AD1").view(), "41111");
}

TEST(FoldTest, PlacesLeadBackIntoTheText) {
  const std::string_view text = "x ４１\u200B２ y";
  const FoldedText folded(text);
  ASSERT_EQ(folded.view(), "x 412 y");
  EXPECT_EQ(text.substr(folded.begin_in_text(2), folded.end_in_text(5) - folded.begin_in_text(2)), "４１\u200B２");
  EXPECT_EQ(text.substr(folded.begin_in_text(2), folded.end_in_text(4) - folded.begin_in_text(2)), "４１");
  EXPECT_EQ(text.substr(folded.begin_in_text(5)), " y");
  EXPECT_EQ(folded.end_in_text(folded.view().size()), text.size());
}

}  // namespace
}  // namespace hearth::privacy
