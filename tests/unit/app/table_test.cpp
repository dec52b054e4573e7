#include "table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace hearth::tool {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

TEST(Table, AlignsColumnsThatHoldChinese) {
  Table table({{"NAME"}, {"N", Align::right}, {"END"}});
  table.add({"语音合成", "7", "a"});
  table.add({"ocr", "12345", "b"});
  const auto lines = lines_of(table.render(0, false));
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], "NAME          N  END");
  EXPECT_EQ(lines[1], "语音合成      7  a");
  EXPECT_EQ(lines[2], "ocr       12345  b");
  EXPECT_EQ(display_width(lines[1]), display_width(lines[2]));
}

TEST(Table, ShrinksOnlyWhatMayShrink) {
  Table table({{"NAME"}, {"WHAT", Align::left, true}});
  table.add({"a-name-of-its-length", "a long description that does not fit the terminal"});
  const auto lines = lines_of(table.render(40, false));
  EXPECT_EQ(display_width(lines[1]), 40U);
  EXPECT_TRUE(lines[1].starts_with("a-name-of-its-length  a long"));
  EXPECT_TRUE(lines[1].ends_with("…"));
}

TEST(Table, APipeCutsNothing) {
  Table table({{"WHAT", Align::left, true}});
  const std::string text(500, 'x');
  table.add({text});
  EXPECT_EQ(lines_of(table.render(0, false))[1], text);
}

TEST(Table, ColoursDoNotShiftColumns) {
  Table plain({{"A"}, {"B"}});
  plain.add({{"ready", Ink::green}, "x"});
  const std::string coloured = plain.render(0, true);
  EXPECT_NE(coloured.find("\033[32mready\033[0m  x"), std::string::npos);
}

TEST(Table, DisarmsCells) {
  Table table({{"A"}});
  table.add({"\033]0;title\007"});
  EXPECT_EQ(table.render(0, false).find('\033'), std::string::npos);
}

TEST(Table, NoSpacesAtTheEndOfLines) {
  Table table({{"A"}, {"B"}});
  table.add({"x", ""});
  EXPECT_EQ(table.render(0, false), "A  B\nx\n");
}

}  // namespace
}  // namespace hearth::tool
