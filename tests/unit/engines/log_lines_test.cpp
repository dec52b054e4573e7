#include "log_lines.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace hearth::engines {
namespace {

std::vector<std::string> split(const std::vector<std::string>& chunks, std::size_t max_line) {
  std::vector<std::string> lines;
  const auto sink = [&](std::string_view line) { lines.emplace_back(line); };
  LineSplitter splitter(max_line);
  for (const std::string& chunk : chunks) splitter.push(chunk, sink);
  splitter.end(sink);
  return lines;
}

TEST(LineSplitter, CutsAcrossChunks) {
  EXPECT_EQ(split({"on", "e\ntw", "o\r\n\n", "three"}, 100), (std::vector<std::string>{"one", "two", "three"}));
}

TEST(LineSplitter, BoundsALine) {
  const auto lines = split({std::string(10'000, 'x'), std::string(10'000, 'y'), "\nnext\n"}, 50);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], std::string(50, 'x'));
  EXPECT_EQ(lines[1], "next");
}

RC_GTEST_PROP(LineSplitterProperty, DoesNotDependOnTheChunks, (const std::string& text)) {
  std::vector<std::string> single;
  for (const char c : text) single.emplace_back(1, c);
  RC_ASSERT(split({text}, 40) == split(single, 40));
  for (const std::string& line : split({text}, 40)) RC_ASSERT(line.size() <= 40);
}

TEST(LineBudget, AllowsABurstThenARate) {
  LineBudget budget(10, 5);
  SteadyTime now = SteadyTime() + Seconds(100);
  int passed = 0;
  for (int i = 0; i < 100; ++i) passed += budget.take(now) ? 1 : 0;
  EXPECT_EQ(passed, 5);
  EXPECT_EQ(budget.take_refused(), 95U);
  EXPECT_EQ(budget.take_refused(), 0U);
  now += Seconds(1);
  passed = 0;
  for (int i = 0; i < 100; ++i) passed += budget.take(now) ? 1 : 0;
  EXPECT_EQ(passed, 5) << "a long silence saves up no more than a burst";
}

TEST(EngineLine, LiftsLevelAndMessageOutOfJson) {
  const EngineLine line =
      parse_engine_line(R"({"time":"x","level":"warn","room":"embed","msg":"too long","bytes":12,"path":"/a"})");
  EXPECT_EQ(line.level, log::Level::warn);
  EXPECT_EQ(line.message, "too long");
  EXPECT_EQ(line.detail, R"({"bytes":12,"path":"/a"})");
}

TEST(EngineLine, TakesAnythingElseAsItIs) {
  for (const char* text : {"plain words", "{not json", "{\"level\":\"warn\"}", "{\"msg\":12}", "[1]", "{}"}) {
    const EngineLine line = parse_engine_line(text);
    EXPECT_EQ(line.message, text);
    EXPECT_EQ(line.level, log::Level::info);
  }
}

}  // namespace
}  // namespace hearth::engines
