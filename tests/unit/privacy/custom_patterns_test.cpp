#include <hearth/privacy/detectors.h>

#include <gtest/gtest.h>

#include <string>

namespace hearth::privacy {
namespace {

std::string error_of(const Pattern& pattern) {
  const auto made = Detectors::create(std::vector{pattern});
  return made ? std::string() : made.error().message();
}

TEST(CustomPatternsTest, FindWhatTheOperatorWants) {
  const auto detectors =
      Detectors::create(std::vector<Pattern>{{"staff-number", R"(\bS-\d{6}\b)", DataClass::internal},
                                             {"project", "(?i)project (raven|owl)", DataClass::secret}});
  ASSERT_TRUE(detectors) << detectors.error().describe();
  const std::string_view text = "Ask S-123456 about Project Raven.";
  const Scan scan = detectors->scan(text);
  ASSERT_EQ(scan.findings.size(), 2U);
  EXPECT_EQ(scan.findings[0].what, "staff-number");
  EXPECT_EQ(scan.findings[0].data_class, DataClass::internal);
  EXPECT_EQ(text.substr(scan.findings[1].offset, scan.findings[1].length), "Project Raven");
  EXPECT_EQ(scan.highest, DataClass::secret);
}

TEST(CustomPatternsTest, OneThatOverlapsAnotherFindingIsJoinedWithIt) {
  const auto detectors = Detectors::create(std::vector<Pattern>{{"ours", R"(@corp\.example\S*)", DataClass::secret}});
  ASSERT_TRUE(detectors);
  const Scan scan = detectors->scan("jane@corp.example/x");
  ASSERT_EQ(scan.findings.size(), 1U);
  EXPECT_EQ(scan.findings[0].offset, 0U);
  EXPECT_EQ(scan.findings[0].length, 19U);
  EXPECT_EQ(scan.findings[0].data_class, DataClass::secret);
}

TEST(CustomPatternsTest, AreFoundAcrossTheWindowsOfALongText) {
  const auto detectors = Detectors::create(std::vector<Pattern>{{"mark", "<[a-z]{900}>", DataClass::internal}});
  ASSERT_TRUE(detectors);
  const std::string mark = "<" + std::string(900, 'q') + ">";
  for (std::size_t before = 3000; before < 4200; before += 97) {
    const Scan scan = detectors->scan(std::string(before, '.') + mark + std::string(5000, '.') + mark);
    ASSERT_EQ(scan.findings.size(), 2U) << before;
    EXPECT_EQ(scan.findings[0].offset, before);
    EXPECT_EQ(scan.findings[0].length, mark.size());
  }
}

TEST(CustomPatternsTest, WrongOnesAreRefusedWithASentence) {
  EXPECT_NE(error_of({"a", "(", DataClass::personal}).find("expression of pattern a is wrong"), std::string::npos);
  EXPECT_NE(error_of({"a", "x*", DataClass::personal}).find("empty text"), std::string::npos);
  EXPECT_NE(error_of({"A b", "x", DataClass::personal}).find("no name"), std::string::npos);
  EXPECT_NE(error_of({"a", std::string(2000, 'x'), DataClass::personal}).find("longer than"), std::string::npos);
  EXPECT_NE(error_of({"a", "((((x{1000}){1000}){1000}){1000})", DataClass::personal}), "");
}

}  // namespace
}  // namespace hearth::privacy
