#include "run_tool.h"

#include <gtest/gtest.h>

namespace hearth::engines {
namespace {

Tool shell(std::string script) {
  return {.command = {"/bin/sh", "-c", std::move(script)}, .environment = {{"PATH", "/usr/bin:/bin"}}};
}

TEST(RunTool, CollectsWhatItPrints) {
  std::vector<std::string> status;
  Tool tool = shell("echo out; echo err >&2; echo one >&3; echo two >&3; cat; exit 7");
  tool.on_status = [&](std::string_view line) { status.emplace_back(line); };
  const auto result = run_tool(tool);
  ASSERT_TRUE(result) << result.error().describe();
  EXPECT_EQ(result->status.code, 7);
  EXPECT_EQ(result->output, "out\n");
  EXPECT_EQ(result->errors, "err\n");
  EXPECT_EQ(status, (std::vector<std::string>{"one", "two"}));
}

TEST(RunTool, ReadsMoreThanAPipeHoldsAndKeepsWhatItMay) {
  const auto result = run_tool(shell("head -c 3000000 /dev/zero; head -c 300000 /dev/zero >&2; echo end >&2"));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->status.clean());
  EXPECT_EQ(result->output.size(), 3000000U);
  EXPECT_EQ(result->errors.size(), 65536U);
  EXPECT_TRUE(result->errors.ends_with("end\n"));
}

TEST(RunTool, EndsWhatTakesTooLongWithAllItsChildren) {
  Tool tool = shell("sleep 1000 & sleep 1000");
  tool.time = Millis(100);
  const auto result = run_tool(tool);
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().is(Errc::deadline_exceeded));
}

TEST(RunTool, EndsWhenItIsNotWantedAnyMore) {
  std::stop_source stop;
  Tool tool = shell("echo started >&3; sleep 1000");
  tool.stop = stop.get_token();
  tool.on_status = [&](std::string_view) { stop.request_stop(); };
  const auto result = run_tool(tool);
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().is(Errc::cancelled));
}

TEST(RunTool, DoesNotWaitForWhatAProgramLeavesBehind) {
  const auto result = run_tool(shell("sleep 1000 & exit 0"));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->status.clean());
}

TEST(RunTool, SaysWhatIsMissing) {
  const auto result = run_tool({.command = {"/usr/bin/there-is-no-such-program"}, .environment = {}});
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().is(Errc::not_found));
}

}  // namespace
}  // namespace hearth::engines
