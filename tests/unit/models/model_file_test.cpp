#include "damage.h"

#include <hearth/core/file.h>
#include <hearth/models/model_file.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <tiny_models/onnx_writer.h>
#include <tiny_models/tiny_models.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace hearth::models {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ModelFile : public testing::Test {
 protected:
  ModelFile() {
    std::string name = (std::filesystem::temp_directory_path() / "hearth-models-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~ModelFile() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path write(const std::string& name, std::string_view bytes) {
    const auto path = folder_ / name;
    EXPECT_TRUE(write_file_atomic(path, bytes));
    return path;
  }
  std::filesystem::path folder_;
};

TEST_F(ModelFile, IsReadFromTheDisk) {
  const auto path = folder_ / "tiny.gguf";
  ASSERT_TRUE(fixtures::tiny_llama({}).write(path));
  const auto facts = inspect_model(path);
  ASSERT_TRUE(facts) << facts.error().describe();
  EXPECT_EQ(facts->task, Task::chat);
  EXPECT_EQ(facts->file_bytes, std::filesystem::file_size(path));
  EXPECT_EQ(fixtures::tiny_llama({}).bytes().size(), facts->file_bytes) << "both ways to write it agree";
}

TEST_F(ModelFile, IsRefusedWithItsNameAndWhatToDo) {
  const std::string good = fixtures::tiny_llama({}).bytes();
  const auto cut = inspect_model(write("cut.gguf", std::string_view(good).substr(0, good.size() / 2)));
  ASSERT_FALSE(cut);
  EXPECT_TRUE(cut.error().is(Errc::corrupt));
  EXPECT_THAT(cut.error().describe(), StartsWith("cut.gguf is damaged, pull the model again: at byte "));

  EXPECT_TRUE(inspect_model(folder_ / "nothing.gguf").error().is(Errc::not_found));
  EXPECT_TRUE(inspect_model(folder_).error().is(Errc::unsupported));
  const auto pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_TRUE(inspect_model(pipe).error().is(Errc::unsupported)) << "and without waiting for its writer";
}

TEST_F(ModelFile, OtherThingsAreCalledByTheirName) {
  const std::vector<std::pair<std::string, std::string>> others{
      {"", "empty"},
      {std::string(4096, '\0'), "never written"},
      {"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"},
      {"<!DOCTYPE html><html>", "web page"},
      {std::string("PK\x03\x04\0\0\0\0", 8), "PyTorch"},
      {std::string("\x10\0\0\0\0\0\0\0{\"a\":1}", 15), "safetensors"},
      {std::string("\x1c\0\0\0TFL3\0\0\0\0", 12), "TensorFlow Lite"},
      {std::string("\x80\x02}q\0", 5), "pickle"},
      {"\x1f\x8b\x08", "gzip"},
      {"RIFF....WAVE", "no GGUF, ONNX or whisper.cpp model"},
  };
  for (const auto& [bytes, word] : others) EXPECT_THAT(refusal(bytes), HasSubstr(word));
}

TEST_F(ModelFile, ExternalWeightsMustBeThereAndLongEnough) {
  fixtures::OnnxModel model;
  model.inputs = {fixtures::onnx_value("x", fixtures::OnnxKind::float32, {1})};
  model.outputs = {fixtures::onnx_value("y", fixtures::OnnxKind::float32, {1})};
  model.initializers = {fixtures::onnx_external("w", {16}, "w.data", 64)};
  const auto file = write("m.onnx", model.bytes());
  EXPECT_THAT(inspect_whole(file, {}).error().message(), HasSubstr("'w.data', which is missing"));
  write("w.data", std::string(127, 'x'));
  EXPECT_THAT(inspect_whole(file, {}).error().message(), HasSubstr("at least 128 bytes long and is 127"));
  write("w.data", std::string(128, 'x'));
  EXPECT_TRUE(inspect_whole(file, {}));
}

TEST(ModelWords, AreReadAsTheyAreWritten) {
  for (const Format format : {Format::gguf, Format::onnx, Format::whisper})
    EXPECT_EQ(parse_format(to_string(format)), format);
  for (int i = 0; i <= static_cast<int>(Task::adapter); ++i) {
    const auto task = static_cast<Task>(i);
    EXPECT_EQ(parse_task(to_string(task)), task);
  }
  EXPECT_FALSE(parse_task("poetry"));
}

}  // namespace
}  // namespace hearth::models
