#include "windower.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace hearth::whisper {
namespace {

constexpr double kSecond = static_cast<double>(kSampleRate) / kChunk;  // chunks

// A recording whose samples are their own index, so that every window shows where it comes from.
struct Recording {
  std::vector<float> samples;
  std::vector<float> speech;

  Recording& add(double seconds, float probability) {
    const auto chunks = static_cast<std::size_t>(std::lround(seconds * kSecond));
    for (std::size_t i = 0; i < chunks; ++i) add_chunk(probability);
    return *this;
  }
  void add_chunk(float probability) {
    speech.push_back(probability);
    for (std::size_t s = 0; s < kChunk; ++s) samples.push_back(static_cast<float>(samples.size()));
  }
};

std::vector<Window> windows(const Recording& r, Supply supply = Supply::plenty, std::size_t at_once = 7) {
  Windower windower;
  std::vector<Window> found;
  for (std::size_t i = 0; i < r.speech.size(); i += at_once) {
    const std::size_t n = std::min(at_once, r.speech.size() - i);
    windower.push(std::span(r.samples).subspan(i * kChunk, n * kChunk), std::span(r.speech).subspan(i, n), supply);
    while (auto w = windower.take()) found.push_back(std::move(*w));
  }
  windower.finish();
  while (auto w = windower.take()) found.push_back(std::move(*w));
  return found;
}

double seconds(const Window& w) {
  return static_cast<double>(w.samples.size()) / kSampleRate;
}

TEST(Windower, SilenceAndClicksAreNoWindow) {
  EXPECT_THAT(windows(Recording()), ::testing::IsEmpty());
  EXPECT_THAT(windows(Recording().add(60, 0)), ::testing::IsEmpty());
  EXPECT_THAT(windows(Recording().add(1, 0).add(0.09, 1).add(3, 0)), ::testing::IsEmpty());
}

TEST(Windower, SpeechComesWithSomeRoomAroundIt) {
  const auto found = windows(Recording().add(10, 0).add(2, 0.9F).add(10, 0));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NEAR(static_cast<double>(found[0].start) / kSampleRate, 10 - 0.256, 0.07);
  EXPECT_NEAR(seconds(found[0]), 2 + 0.512, 0.07);
  ASSERT_EQ(found[0].speech.size(), 1U);
  EXPECT_NEAR(found[0].speech[0].start, 0.256, 0.07);
  EXPECT_NEAR(found[0].speech[0].end, 2.256, 0.07);
}

TEST(Windower, ShortPausesStayInLongOnesEndAWindow) {
  const Recording r = Recording().add(2, 1).add(1, 0).add(2, 1).add(4, 0).add(2, 1);
  const auto found = windows(r);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].speech.size(), 2U);
  EXPECT_EQ(found[1].speech.size(), 1U);
}

TEST(Windower, LiveSoundIsAnsweredAtEachPause) {
  const Recording r = Recording().add(2, 1).add(1, 0).add(2, 1).add(0.3, 0).add(1, 1);
  EXPECT_EQ(windows(r, Supply::live).size(), 2U);
  EXPECT_EQ(windows(r, Supply::plenty).size(), 1U);
}

TEST(Windower, LongSpeechIsCutInItsLongestPause) {
  const Recording r = Recording().add(22, 1).add(0.2, 0).add(3, 1).add(0.6, 0).add(20, 1);
  const auto found = windows(r);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NEAR(seconds(found[0]), 22 + 0.2 + 3 + 0.3, 0.1);
  EXPECT_EQ(found[1].start, found[0].start + found[0].samples.size());
}

TEST(Windower, SpeechWithoutAPauseIsCutWhereItIsLeastCertain) {
  const Recording r = Recording().add(25, 0.9F).add(0.1, 0.6F).add(20, 0.9F);
  const auto found = windows(r);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_NEAR(seconds(found[0]), 25.05, 0.1);
}

TEST(Windower, AWordBetweenOnsetAndReleaseHangsOn) {
  // It began clearly, so half-certain chunks are still speech; alone they are not.
  EXPECT_EQ(windows(Recording().add(1, 0.9F).add(1, 0.4F).add(4, 0)).at(0).speech.size(), 1U);
  EXPECT_THAT(windows(Recording().add(5, 0.4F)), ::testing::IsEmpty());
}

TEST(Windower, LoudnessTellsSilence) {
  std::vector<float> samples(3 * kChunk);
  for (std::size_t i = 0; i < kChunk; ++i) samples[kChunk + i] = i % 2 == 0 ? 0.01F : -0.01F;
  EXPECT_THAT(loudness(samples), ::testing::ElementsAre(0, 1, 0));
}

// For any recording, in any pieces: windows are in order, apart, as long as the model can hear at most, hold the
// recording's own samples, and miss no stretch of speech that is longer than a click.
RC_GTEST_PROP(WindowerProperty, CoverAllSpeechInBoundedPieces, ()) {
  const auto runs = *rc::gen::container<std::vector<std::pair<int, bool>>>(
      rc::gen::pair(rc::gen::weightedOneOf<int>({{5, rc::gen::inRange(1, 60)}, {1, rc::gen::inRange(200, 1500)}}),
                    rc::gen::arbitrary<bool>()));
  Recording r;
  for (const auto& [chunks, speaks] : runs)
    for (int i = 0; i < chunks; ++i) r.add_chunk(speaks ? 0.9F : 0.05F);
  const auto supply = *rc::gen::element(Supply::plenty, Supply::live);
  const auto found = windows(r, supply, *rc::gen::inRange<std::size_t>(1, 40));

  std::vector<bool> covered(r.speech.size());
  std::uint64_t last = 0;
  for (const Window& w : found) {
    RC_ASSERT(w.start >= last);
    RC_ASSERT(w.start % kChunk == 0U);
    RC_ASSERT(!w.samples.empty());
    RC_ASSERT(seconds(w) <= kWindowLimit);
    RC_ASSERT(w.samples.size() == w.probability.size() * kChunk);
    RC_ASSERT(!w.speech.empty());
    RC_ASSERT(w.samples.front() == r.samples[w.start]);
    RC_ASSERT(w.samples.back() == r.samples[w.start + w.samples.size() - 1]);
    last = w.start + w.samples.size();
    for (std::size_t c = w.start / kChunk; c < last / kChunk; ++c) covered[c] = true;
  }
  std::size_t run = 0;
  for (std::size_t c = 0; c <= r.speech.size(); ++c) {
    if (c < r.speech.size() && r.speech[c] > 0.5F) {
      ++run;
      continue;
    }
    for (std::size_t i = c - run; run >= 4 && i < c; ++i) RC_ASSERT(covered[i]);
    run = 0;
  }
}

RC_GTEST_PROP(WindowerProperty, HoldsNoMoreThanOneWindow, (std::vector<bool> speaks)) {
  Windower windower;
  const std::vector<float> chunk(kChunk);
  for (int again = 0; again < 20; ++again) {
    for (const bool speech : speaks) {
      windower.push(chunk, std::vector<float>{speech ? 1.0F : 0.0F}, Supply::plenty);
      while (windower.take()) continue;
      RC_ASSERT(windower.held() <= static_cast<std::size_t>(kWindowLimit) * kSampleRate);
    }
  }
}

}  // namespace
}  // namespace hearth::whisper
