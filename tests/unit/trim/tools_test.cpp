#include "conversations.h"

#include <gtest/gtest.h>

namespace hearth::trim {
namespace {

namespace json = boost::json;

const std::string kA = R"({"type":"function","function":{"name":"a","description":"one"}})";
const std::string kB = R"({"type":"function","function":{"name":"b"}})";
const std::string kQuestion = R"("messages":[{"role":"user","content":"hello"}])";
const std::string kAnswered = R"("messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"yes"}])";
constexpr Settings kAny{.smallest = 1};

TEST(ToolsTest, OnesThatStandThereTwiceGo) {
  EXPECT_EQ(trimmed(R"({"model":"m","tools":[)" + kA + ", " + kB + "," + kA + "]," + kQuestion + "}", kAny),
            R"({"model":"m","tools":[)" + kA + ", " + kB + "]," + kQuestion + "}");
}

TEST(ToolsTest, OfANamedOneTheOthersGo) {
  const std::string choice = R"("tool_choice":{"type":"function","function":{"name":"b"}})";
  EXPECT_EQ(trimmed("{" + kQuestion + R"(,"tools":[)" + kA + "," + kB + "]," + choice + "}", kAny),
            "{" + kQuestion + R"(,"tools":[)" + kB + "]," + choice + "}");
  const std::string theirs = R"("tool_choice":{"type":"tool","name":"b"})";
  EXPECT_EQ(trimmed("{" + kQuestion + R"(,"tools":[{"name":"a"},{"name":"b"},{"name":"c"}],)" + theirs + "}", kAny),
            "{" + kQuestion + R"(,"tools":[{"name":"b"}],)" + theirs + "}");
}

TEST(ToolsTest, WhereNoneMayBeCalledAllGo) {
  EXPECT_EQ(trimmed(R"({ "tools" : [)" + kA + R"(], "tool_choice" : "none", )" + kQuestion +
                        R"(, "parallel_tool_calls":true})",
                    kAny),
            "{ " + kQuestion + "}");
}

TEST(ToolsTest, NothingIsPrunedWhereTheProviderMayHaveThePromptAlready) {
  for (const char* choice :
       {R"("tool_choice":"none")", R"("tool_choice":{"type":"function","function":{"name":"b"}})"}) {
    const std::string body = R"({"tools":[)" + kA + "," + kB + "]," + choice + "," + kAnswered + "}";
    EXPECT_EQ(trimmed(body, kAny), body);
    // Unless it began so.
    EXPECT_NE(trimmed(body, {.smallest = 1, .prune_tools = true}), body);
  }
}

TEST(ToolsTest, OtherChoicesLeaveThemAll) {
  for (
      const char* choice :
      {R"("tool_choice":"auto")", R"("tool_choice":"required")",
       R"("tool_choice":{"type":"function","function":{"name":"x"}})",
       R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"b"}}]}})"}) {
    const std::string body = R"({"tools":[)" + kA + "," + kB + "]," + choice + "," + kQuestion + "}";
    EXPECT_EQ(trimmed(body, kAny), body);
  }
}

}  // namespace
}  // namespace hearth::trim
