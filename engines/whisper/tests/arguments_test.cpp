#include "arguments.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace hearth::whisper {
namespace {

namespace fs = std::filesystem;

class ArgumentsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "whisperXXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  void make(const char* file) const { std::ofstream(folder_ / file) << "x"; }
  [[nodiscard]] Result<Arguments> read(std::vector<std::string> rest) const {
    kit::Options options;
    options.data = folder_.string();
    options.rest = std::move(rest);
    return read_arguments(options);
  }
  fs::path folder_;
};

TEST_F(ArgumentsTest, TheModelIsNamedOrTheOnlyOne) {
  make("ggml-base.bin");
  auto a = read({});
  ASSERT_TRUE(a.has_value()) << a.error().describe();
  EXPECT_EQ(a->model, folder_ / "ggml-base.bin");
  EXPECT_EQ(a->name, "ggml-base");
  EXPECT_EQ(a->vad, "");
  EXPECT_EQ(a->slots, 1);
  make("ggml-small.bin");
  EXPECT_THAT(read({}).error().describe(), ::testing::HasSubstr("--model"));
  a = read({"--model", "ggml-small.bin", "--name", "whisper-small", "--slots", "3"});
  ASSERT_TRUE(a.has_value()) << a.error().describe();
  EXPECT_EQ(a->model, folder_ / "ggml-small.bin");
  EXPECT_EQ(a->name, "whisper-small");
  EXPECT_EQ(a->slots, 3);
  EXPECT_EQ(read({"--model", "/elsewhere/m.bin"})->model, "/elsewhere/m.bin");
}

TEST_F(ArgumentsTest, TheSpeechModelIsFoundBesideTheModel) {
  make("ggml-base.bin");
  make("ggml-silero-v6.2.0.bin");
  EXPECT_EQ(read({})->vad, folder_ / "ggml-silero-v6.2.0.bin");
  EXPECT_EQ(read({"--vad", "other.bin"})->vad, folder_ / "other.bin");
  EXPECT_EQ(read({"--vad", ""})->vad, "");
}

TEST_F(ArgumentsTest, MistakesAreNamed) {
  make("ggml-base.bin");
  EXPECT_THAT(read({"--beam", "5"}).error().describe(), ::testing::HasSubstr("--beam"));
  EXPECT_THAT(read({"--model"}).error().describe(), ::testing::HasSubstr("value"));
  for (const char* slots : {"0", "65", "many", "2x", ""}) EXPECT_FALSE(read({"--slots", slots}).has_value()) << slots;
}

}  // namespace
}  // namespace hearth::whisper
