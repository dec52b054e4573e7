#include "damage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tiny_models/tiny_models.h>

#include <string>

namespace hearth::models {
namespace {

using fixtures::little;
using testing::HasSubstr;

TEST(Whisper, ReadsARecogniser) {
  const auto facts = read_bytes(fixtures::tiny_whisper(true));
  ASSERT_TRUE(facts) << facts.error().describe();
  EXPECT_EQ(facts->format, Format::whisper);
  EXPECT_EQ(facts->architecture, "whisper");
  EXPECT_EQ(facts->task, Task::transcription);
  EXPECT_EQ(facts->tensors, 11);
  EXPECT_EQ(facts->quantisation, "F32");
  ASSERT_TRUE(facts->whisper);
  EXPECT_EQ(facts->whisper->audio_context, 16);
  EXPECT_EQ(facts->whisper->text_context, 12);
  EXPECT_EQ(facts->whisper->mels, 4);
  EXPECT_TRUE(facts->whisper->multilingual);
  EXPECT_FALSE(facts->whisper->without_weights);
}

TEST(Whisper, SaysThatAFileHasNoWeights) {
  const auto facts = read_bytes(fixtures::tiny_whisper(false));
  ASSERT_TRUE(facts) << facts.error().describe();
  EXPECT_TRUE(facts->whisper->without_weights);
  EXPECT_EQ(facts->task, Task::transcription);
}

TEST(Whisper, ReadsAVoiceDetector) {
  const auto facts = read_bytes(fixtures::tiny_detector());
  ASSERT_TRUE(facts) << facts.error().describe();
  EXPECT_EQ(facts->architecture, "silero-vad");
  EXPECT_EQ(facts->name, "silero-16k 6.2.0");
  EXPECT_EQ(facts->task, Task::vad);
  EXPECT_EQ(facts->tensors, 2);
  EXPECT_EQ(facts->parameters, 61) << "a tensor without dimensions is one number";
  EXPECT_FALSE(facts->whisper);
}

TEST(Whisper, EveryTruncationIsRefused) {
  const std::string bytes = fixtures::tiny_whisper(true);
  const std::size_t bare = fixtures::tiny_whisper(false).size();
  expect_truncations_are_refused(bytes, 1, [&](std::size_t size) { return size == bare; });
  EXPECT_THAT(refusal(std::string_view(bytes).substr(0, bytes.size() - 1)), HasSubstr("cut off"));
  // A whole tensor is missing at the end.
  EXPECT_THAT(refusal(std::string_view(bytes).substr(0, bytes.rfind("decoder.ln.bias") - 16)), HasSubstr("10 of 11"));
}

TEST(Whisper, RefusesAbsurdSizes) {
  std::string bytes = fixtures::tiny_whisper(true);
  bytes.replace(8, 4, little(std::int32_t{-1}));
  EXPECT_THAT(refusal(bytes), HasSubstr("the audio context would be -1"));
  bytes.replace(8, 4, little(std::int32_t{2'000'000'000}));
  EXPECT_THAT(refusal(bytes), HasSubstr("at byte 8"));
  std::string filters = fixtures::tiny_whisper(true);
  filters.replace(48, 8, little(std::int32_t{1'000'000}) + little(std::int32_t{1'000'000}));
  EXPECT_THAT(refusal(filters), HasSubstr("mel filters"));
  std::string tensor = fixtures::tiny_whisper(true);
  tensor.replace(tensor.find("encoder.conv1.weight") - 12, 12,
                 little(std::int32_t{1 << 30}) + little(std::int32_t{1 << 30}) + little(std::int32_t{1 << 30}));
  EXPECT_THAT(refusal(tensor), HasSubstr("impossible size"));
}

TEST(Whisper, EveryTurnedBitIsSurvived) {
  expect_turned_bits_are_survived(fixtures::tiny_whisper(true), 1);
  expect_turned_bits_are_survived(fixtures::tiny_detector(), 1);
}

}  // namespace
}  // namespace hearth::models
