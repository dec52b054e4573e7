#include "progress.h"

#include "terminal.h"

#include <gtest/gtest.h>

namespace hearth::tool {
namespace {

TEST(ProgressLine, ShowsShareAndDetail) {
  const std::string line = progress_line("listening", 0.5, "1:35 / 3:10", 80);
  EXPECT_NE(line.find("███████████████───────────────"), std::string::npos) << line;
  EXPECT_NE(line.find(" 50 %  1:35 / 3:10"), std::string::npos) << line;
}

TEST(ProgressLine, FitsTheTerminalWhateverItsWidth) {
  for (std::size_t columns = 10; columns < 120; ++columns) {
    EXPECT_LT(display_width(progress_line("reading 扫描件.pdf", 0.25, "page 3", columns)), columns) << columns;
    EXPECT_LT(display_width(progress_line("reading", -1, "page 3 of a long document", columns)), columns) << columns;
  }
}

TEST(ProgressLine, NeverSaysMoreThanAllOrLessThanNothing) {
  EXPECT_NE(progress_line("x", 1.7, "", 80).find("100 %"), std::string::npos);
  EXPECT_NE(progress_line("x", 0.0, "", 80).find("  0 %"), std::string::npos);
}

TEST(ProgressLine, NinetyNineIsNotHundred) {
  EXPECT_NE(progress_line("x", 0.999, "", 80).find(" 99 %"), std::string::npos);
}

TEST(ClockTime, GrowsHoursWhenNeeded) {
  EXPECT_EQ(clock_time(0), "0:00");
  EXPECT_EQ(clock_time(65.9), "1:05");
  EXPECT_EQ(clock_time(3723), "1:02:03");
  EXPECT_EQ(clock_time(-1), "0:00");
}

}  // namespace
}  // namespace hearth::tool
