#include "settings.h"

#include "runtime/quiet.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace hearth::onnx {
namespace {

TEST(Settings, Parse) {
  const auto s = parse_settings({"--task", "embedding", "--model", "/m/bge.onnx", "--pooling", "cls", "--arena", "on",
                                 "--lowercase", "off", "--max-tokens", "128"});
  ASSERT_TRUE(s.has_value()) << s.error().message();
  EXPECT_EQ(s->task, Task::embedding);
  EXPECT_EQ(s->name, "bge");
  EXPECT_EQ(s->pooling, Pooling::cls);
  EXPECT_TRUE(s->arena);
  EXPECT_FALSE(s->lowercase);
  EXPECT_EQ(s->max_tokens, 128U);
}

TEST(Settings, SayWhatIsWrong) {
  const auto refused = [](const std::vector<std::string>& arguments, std::string_view part) {
    const auto s = parse_settings(arguments);
    ASSERT_FALSE(s.has_value());
    EXPECT_NE(s.error().message().find(part), std::string::npos) << s.error().message();
  };
  refused({}, "--task and --model");
  refused({"--task", "vad"}, "--task and --model");
  refused({"--model", "a.onnx"}, "--task and --model");
  refused({"--task", "chat", "--model", "a"}, "detection, face");
  refused({"--task", "vad", "--model"}, "needs a value");
  refused({"--tusk", "vad"}, "no argument '--tusk'");
  refused({"--arena", "yes"}, "on or off");
  refused({"--pooling", "max"}, "mean or cls");
  refused({"--max-tokens", "2"}, "3 to");
  refused({"--max-tokens", "12x"}, "3 to");
}

TEST(Quiet, SchemaLinesAreLeftOut) {
  EXPECT_EQ(without_schema_lines("Schema error: Trying to register schema with name Abs …\n\nsomething else\n", 100),
            "something else\n");
  EXPECT_EQ(without_schema_lines(std::string(500, 'x'), 10).size(), 10U);
  EXPECT_EQ(without_schema_lines("", 10), "");
}

TEST(Quiet, SwallowsWhatIsPrinted) {
  std::string seen;
  {
    const QuietStderr quiet;
    std::fputs("Schema error: Trying to register schema with name Abs\nodd\n", stderr);
    seen = quiet.remarkable();
  }
  EXPECT_EQ(seen, "odd\n");
}

}  // namespace
}  // namespace hearth::onnx
