#include "segmenter.h"

#include "transcribe_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace hearth::transcribe {
namespace {

std::vector<std::int16_t> noise(double seconds, double amplitude) {
  std::mt19937 random(1);
  std::normal_distribution<double> gauss(0, amplitude);
  std::vector<std::int16_t> samples = silence(seconds);
  for (auto& s : samples) s = static_cast<std::int16_t>(std::clamp(gauss(random), -32000.0, 32000.0));
  return samples;
}

TEST(Segmenter, SilenceNoiseAndTonesAreNoSpeech) {
  EXPECT_TRUE(segments_of({}).empty());
  EXPECT_TRUE(segments_of(silence(0.01)).empty());
  EXPECT_TRUE(segments_of(silence(20)).empty());
  EXPECT_TRUE(segments_of(noise(20, 100)).empty());
  EXPECT_TRUE(segments_of(noise(20, 3000)).empty());
  EXPECT_TRUE(segments_of(tone(10, 440, 8000)).empty());
  EXPECT_TRUE(segments_of(tone(10, 50, 8000)).empty());  // mains hum
}

TEST(Segmenter, AnUtteranceIsOneSegmentWithItsPadding) {
  std::vector<std::int16_t> sound = silence(2);
  const auto speech = recording("librivox/sense_and_sensibility_01_austen_64kb-0930.wav");
  append(sound, speech);
  append(sound, silence(2));
  const auto found = segments_of(sound);
  ASSERT_EQ(found.size(), 1U);
  const double start = static_cast<double>(found[0].start) / kSampleRate;
  const double length = static_cast<double>(found[0].samples.size()) / kSampleRate;
  EXPECT_GT(start, 1.6);
  EXPECT_LT(start, 2.4);
  EXPECT_NEAR(length, static_cast<double>(speech.size()) / kSampleRate, 0.7);
  EXPECT_LT(found[0].silence, 0.4);
}

TEST(Segmenter, ALongPauseCuts) {
  std::vector<std::int16_t> sound;
  for (int i = 0; i < 3; ++i) {
    append(sound, recording("goforward.raw"));
    append(sound, silence(2));
  }
  EXPECT_EQ(segments_of(sound).size(), 3U);
}

TEST(Segmenter, TheChunkingOfTheStreamDoesNotMatter) {
  std::vector<std::int16_t> sound = recording("librivox/sense_and_sensibility_01_austen_64kb-0870.wav");
  append(sound, silence(1.5));
  append(sound, recording("goforward.raw"));
  const auto expected = segments_of(sound, sound.size());
  for (const std::size_t chunk : {1UL, 37UL, 160UL, 16'000UL}) {
    const auto found = segments_of(sound, chunk);
    ASSERT_EQ(found.size(), expected.size()) << chunk;
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].start, expected[i].start);
      EXPECT_EQ(found[i].samples, expected[i].samples);
    }
  }
}

TEST(Segmenter, SpeechWithoutPauseIsCutBeforeThirtySecondsAndNothingIsLost) {
  // The same clip over and over, its own pauses taken out by noise that is nearly as loud.
  std::vector<std::int16_t> sound;
  while (sound.size() < static_cast<std::size_t>(120 * kSampleRate))
    append(sound, recording("librivox/sense_and_sensibility_01_austen_64kb-0920.wav"));
  const auto found = segments_of(sound);
  ASSERT_GE(found.size(), 6U);
  std::uint64_t last_end = 0;
  std::uint64_t covered = 0;
  for (const Segment& s : found) {
    EXPECT_LE(s.samples.size(), 30U * kSampleRate);
    EXPECT_GE(s.start, last_end);
    last_end = s.start + s.samples.size();
    covered += s.samples.size();
    EXPECT_TRUE(std::equal(s.samples.begin(), s.samples.end(), sound.begin() + static_cast<std::ptrdiff_t>(s.start)));
  }
  EXPECT_GT(covered, sound.size() * 9 / 10);
}

TEST(Segmenter, SpeechInModerateNoiseIsFound) {
  std::vector<std::int16_t> sound = noise(9, 60);
  const auto speech = recording("goforward.raw");
  for (std::size_t i = 0; i < speech.size(); ++i)
    sound[48'000 + i] = static_cast<std::int16_t>(std::clamp(sound[48'000 + i] + speech[i], -32768, 32767));
  const auto found = segments_of(sound);
  ASSERT_GE(found.size(), 1U);
  EXPECT_GT(found[0].start, 40'000U);
  EXPECT_LT(found[0].start, 60'000U);
}

TEST(Segmenter, AVeryShortWordAlone) {
  // 0.3 s from the middle of the loudest word, with no silence around it.
  const auto speech = recording("goforward.raw");
  const auto loudest = std::ranges::max_element(speech) - speech.begin();
  const std::vector<std::int16_t> word(speech.begin() + loudest - 2400, speech.begin() + loudest + 2400);
  EXPECT_EQ(segments_of(word).size(), 1U);
}

}  // namespace
}  // namespace hearth::transcribe
