#include "model_file.h"

#include "support/tiny_model.h"

#include <gmock/gmock.h>

#include <cstring>
#include <filesystem>
#include <fstream>

namespace hearth::whisper {
namespace {

using ::testing::HasSubstr;

Result<ModelLayout> check(const std::string& bytes) {
  const ReadAt read = [&](std::uint64_t at, std::span<char> into) -> Result<std::size_t> {
    const std::size_t n = std::min<std::size_t>({into.size(), bytes.size() - at, 1000});  // in small pieces
    std::memcpy(into.data(), bytes.data() + at, n);
    return n;
  };
  return check_model(read, bytes.size());
}

void put(std::string& bytes, std::size_t at, std::int32_t value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

TEST(ModelFile, AWholeModelIsUnderstood) {
  const auto layout = check(testing::tiny_model());
  ASSERT_TRUE(layout.has_value()) << layout.error().describe();
  EXPECT_TRUE(layout->multilingual());
  EXPECT_EQ(layout->languages(), 99);
  EXPECT_EQ(layout->tensors, 11 + 15 + 24);
  const auto english = check(testing::tiny_model({.multilingual = false}));
  ASSERT_TRUE(english.has_value()) << english.error().describe();
  EXPECT_FALSE(english->multilingual());
  EXPECT_EQ(english->languages(), 1);
}

TEST(ModelFile, AFileWithoutWeightsIsWholeToo) {
  const auto layout = check(testing::empty_model());
  ASSERT_TRUE(layout.has_value()) << layout.error().describe();
  EXPECT_EQ(layout->tensors, 0);
}

TEST(ModelFile, ACutFileIsRefusedWhereverItIsCut) {
  const std::string whole = testing::tiny_model({.multilingual = false});
  const std::size_t weights = testing::empty_model().size();  // after them only the end of a weight's data would do
  for (std::size_t size = 0; size < whole.size(); size += size < 4096 ? 101 : 65'537) {
    const auto layout = check(whole.substr(0, size));
    if (size == weights) continue;
    ASSERT_FALSE(layout.has_value()) << size;
    EXPECT_EQ(layout.error().kind(), Errc::invalid_argument);
  }
  EXPECT_THAT(check(whole.substr(0, whole.size() - 1)).error().describe(), HasSubstr("half of a download"));
}

TEST(ModelFile, WhatLibwhisperWouldTrustIsChecked) {
  const std::string whole = testing::tiny_model({.multilingual = false});
  const std::size_t filters = 4 + 11 * 4;
  const std::size_t vocabulary = filters + 8 + 80 * 201 * 4;
  const std::size_t weights = testing::empty_model().size();
  struct Damage {
    std::size_t at;
    std::int32_t value;
    const char* says;
  };
  for (const auto& [at, value, says] :
       {Damage{0, 0x46554747, "other bytes"}, Damage{4, 32'000, "vocabulary"}, Damage{8, 0, "audio context"},
        Damage{12, 1 << 20, "audio state"}, Damage{16, 0, "audio heads"}, Damage{20, -1, "audio layers"},
        Damage{20, 2, "weights"}, Damage{28, 128, "width"}, Damage{16, 3, "heads"}, Damage{40, 7, "mel bands"},
        Damage{44, 99, "file type"}, Damage{filters, 128, "filters"}, Damage{vocabulary, -5, "tokens"},
        Damage{vocabulary, 60'000, "tokens"}, Damage{vocabulary + 4, 1 << 30, "bytes long"},
        Damage{weights, 5, "damaged"}, Damage{weights + 4, -1, "damaged"}, Damage{weights + 8, 31, "unknown kind"},
        Damage{weights + 12, 1 << 30, "impossible"}}) {
    std::string damaged = whole;
    put(damaged, at, value);
    const auto layout = check(damaged);
    ASSERT_FALSE(layout.has_value()) << at << " " << value;
    EXPECT_THAT(layout.error().describe(), HasSubstr(says));
    EXPECT_THAT(layout.error().describe(), HasSubstr("not a whisper model"));
  }
}

TEST(ModelFile, TheBlankIsMissed) {
  std::string bytes = testing::empty_model();
  const std::size_t blank = 4 + 11 * 4 + 8 + 80 * 201 * 4 + 4 + 32 * 5 + 4;
  ASSERT_EQ(bytes[blank], ' ');
  bytes[blank] = 'x';
  EXPECT_THAT(check(bytes).error().describe(), HasSubstr("blank"));
}

TEST(ModelFile, FilesAreNamedInErrors) {
  const std::filesystem::path folder = ::testing::TempDir();
  EXPECT_EQ(check_model_file(folder / "absent.bin").error().kind(), Errc::not_found);
  EXPECT_EQ(check_model_file(folder).error().kind(), Errc::invalid_argument);
  const std::filesystem::path file = folder / "no-model.bin";
  std::ofstream(file) << "this is a text";
  EXPECT_THAT(check_model_file(file).error().describe(), HasSubstr("no-model.bin"));
  EXPECT_THAT(check_vad_file(file).error().describe(), HasSubstr("no-model.bin"));
  testing::write_model(file);
  EXPECT_TRUE(check_model_file(file).has_value());
  std::filesystem::remove(file);
}

// Silero's model as whisper.cpp stores it, all weights zero.
std::string silent_vad() {
  std::string bytes;
  const auto number = [&](std::int32_t value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
  number(0x67676D6C);
  number(10);
  bytes += "silero-16k";
  for (const int v : {6, 2, 0, 512, 64, 4, 129, 128, 3, 128, 64, 3, 64, 64, 3, 64, 128, 3, 128, 128, 128, 1}) number(v);
  for (int i = 0; i < 15; ++i) {
    number(1);
    number(1);
    number(0);
    number(8);
    bytes += "w";
    bytes.append(32, '\0');
  }
  return bytes;
}

Result<void> check_speech_model(const std::string& bytes) {
  const ReadAt read = [&](std::uint64_t at, std::span<char> into) -> Result<std::size_t> {
    const std::size_t n = std::min<std::size_t>(into.size(), bytes.size() - at);
    std::memcpy(into.data(), bytes.data() + at, n);
    return n;
  };
  return check_vad(read, bytes.size());
}

TEST(ModelFile, SpeechModelsAreCheckedToo) {
  const std::string whole = silent_vad();
  EXPECT_TRUE(check_speech_model(whole).has_value());
  EXPECT_FALSE(check_speech_model(whole.substr(0, whole.size() - 1)).has_value());
  EXPECT_FALSE(check_speech_model(testing::empty_model()).has_value());
  std::string other = whole;
  put(other, 4 + 4 + 10 + 12, 256);
  EXPECT_THAT(check_speech_model(other).error().describe(), HasSubstr("another shape"));
  EXPECT_THAT(check_speech_model(whole.substr(0, whole.size() - 49)).error().describe(), HasSubstr("14 weights of 15"));
}

}  // namespace
}  // namespace hearth::whisper
