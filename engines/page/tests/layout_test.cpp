#include "layout.h"

#include "text.h"

#include <gtest/gtest.h>

#include <sstream>

namespace hearth::ocr {
namespace {

// A line of words, 20 pixels to a letter's height, set from x on; each letter 12 pixels wide.
Line line_at(int x, int y, const std::string& text, double height = 20, int region = 0) {
  Line line;
  line.height = height;
  line.region = region;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const int width = static_cast<int>(static_cast<double>(letter_count(word)) * height * 0.6);
    line.words.push_back({word, {x, y, x + width, y + static_cast<int>(height)}, 0.9});
    line.box = joined(line.box, line.words.back().box);
    x += width + static_cast<int>(height * 0.4);
  }
  return line;
}

TEST(Layout, OfNothingIsEmpty) {
  const Layout layout = lay_out({});
  EXPECT_TRUE(layout.blocks.empty());
  EXPECT_EQ(plain_text(layout), "");
}

TEST(Layout, LinesOfAParagraphAreJoinedInMarkdownOnly) {
  const Layout layout = lay_out({line_at(100, 100, "The harbour was en-"), line_at(100, 130, "larged by the south-"),
                                 line_at(100, 160, "West company again.")});
  ASSERT_EQ(layout.blocks.size(), 1U);
  EXPECT_EQ(plain_text(layout), "The harbour was en-\nlarged by the south-\nWest company again.");
  EXPECT_EQ(markdown(layout), "The harbour was enlarged by the south-West company again.");
  EXPECT_EQ(layout.words.back().line, 2);
}

TEST(Layout, ChineseLinesAreJoinedWithoutBlanks) {
  Line a = line_at(100, 100, "清晨 的 港口");
  Line b = line_at(100, 130, "最早 亮灯");
  EXPECT_EQ(markdown(lay_out({a, b})), "清晨的港口最早亮灯");
}

TEST(Layout, AWiderGapBeginsAParagraph) {
  const Layout layout = lay_out({line_at(100, 100, "one two three"), line_at(100, 130, "four five six"),
                                 line_at(100, 160, "seven eight nine"), line_at(100, 220, "ten eleven twelve")});
  EXPECT_EQ(layout.blocks.size(), 2U);
}

TEST(Layout, TallLinesAreHeadings) {
  const Layout layout =
      lay_out({line_at(100, 100, "Annual Report", 44, 0), line_at(100, 200, "some words of text that are long", 20, 1),
               line_at(100, 230, "enough to be the body", 20, 1)});
  ASSERT_EQ(layout.blocks.size(), 2U);
  EXPECT_EQ(layout.blocks[0].type, BlockType::heading);
  EXPECT_EQ(layout.blocks[0].markdown, "# Annual Report");
  EXPECT_EQ(layout.blocks[1].type, BlockType::paragraph);
}

TEST(Layout, ListsKeepTheirItems) {
  const Layout layout = lay_out(
      {line_at(100, 100, "• first item that goes"), line_at(120, 130, "on below"), line_at(100, 160, "• second")});
  ASSERT_EQ(layout.blocks.size(), 1U);
  EXPECT_EQ(layout.blocks[0].type, BlockType::list);
  EXPECT_EQ(layout.blocks[0].markdown, "- first item that goes on below\n- second");
}

TEST(Layout, MisreadBulletsAreBullets) {
  const Layout layout =
      lay_out({line_at(100, 100, "e first"), line_at(100, 130, "e second"), line_at(100, 160, "e third")});
  ASSERT_EQ(layout.blocks.size(), 1U);
  EXPECT_EQ(layout.blocks[0].markdown, "- first\n- second\n- third");
}

TEST(Layout, ANumberedHeadingIsNoList) {
  const Layout layout = lay_out({line_at(100, 100, "1. Introduction"), line_at(100, 130, "words and words")});
  for (const Block& b : layout.blocks) EXPECT_NE(b.type, BlockType::list);
}

TEST(Layout, AlignedColumnsAreATable) {
  Lines lines{line_at(100, 60, "What was sold on this day in the shop", 20, 0)};
  const char* rows[4][3] = {
      {"Item", "Count", "Price"}, {"Apples", "12", "0.50"}, {"Pears", "7", "0.80"}, {"Plums", "3", "2|5"}};
  for (int r = 0; r < 4; ++r)  // as the recogniser gives it: column by column
    for (int c = 0; c < 3; ++c) lines.push_back(line_at(100 + c * 300, 120 + r * 34, rows[r][c], 20, 1 + c));
  const Layout layout = lay_out(lines);
  ASSERT_EQ(layout.blocks.size(), 2U);
  EXPECT_EQ(layout.blocks[1].type, BlockType::table);
  EXPECT_EQ(
      layout.blocks[1].markdown,
      "| Item | Count | Price |\n| --- | --- | --- |\n| Apples | 12 | 0.50 |\n| Pears | 7 | 0.80 |\n| Plums | 3 | "
      "2\\|5 |");
  EXPECT_EQ(layout.blocks[1].text, "Item\tCount\tPrice\nApples\t12\t0.50\nPears\t7\t0.80\nPlums\t3\t2|5");
}

TEST(Layout, ProseInColumnsIsNoTable) {
  Lines lines;
  for (int column = 0; column < 2; ++column)
    for (int i = 0; i < 5; ++i)
      lines.push_back(line_at(100 + column * 600, 100 + i * 30, "there are quite many words here", 20, column));
  const Layout layout = lay_out(lines);
  ASSERT_EQ(layout.blocks.size(), 2U);
  EXPECT_EQ(layout.blocks[0].type, BlockType::paragraph);
  EXPECT_LT(layout.blocks[0].box.x1, layout.blocks[1].box.x0);
}

TEST(Text, MarkupAtAParagraphsStartIsEscaped) {
  EXPECT_EQ(escaped_start("# not a heading"), "\\# not a heading");
  EXPECT_EQ(escaped_start("- 5 degrees"), "\\- 5 degrees");
  EXPECT_EQ(escaped_start("1843. It was cold"), "1843\\. It was cold");
  EXPECT_EQ(escaped_start("plain"), "plain");
}

TEST(Text, LastLetterOfBrokenBytesIsNone) {
  EXPECT_EQ(last_letter("\x80\x80"), char32_t{0});
  EXPECT_EQ(last_letter("ab\xff"), char32_t{0});
  EXPECT_EQ(first_letter(""), char32_t{0});
}

}  // namespace
}  // namespace hearth::ocr
