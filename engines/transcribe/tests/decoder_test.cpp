#include "decoder.h"

#include "text.h"
#include "transcribe_fixture.h"

#include <hearth/core/edit_distance.h>

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

namespace hearth::transcribe {
namespace {

const auto kWait = [] { return false; };

std::vector<Word> heard(const std::vector<std::int16_t>& samples) {
  auto decoder = pool().lend(kWait);
  return (*decoder)->decode(samples).value();
}

TEST(Decoder, HearsACommandWithTimesAndProbabilities) {
  const auto samples = recording("goforward.raw");
  const auto words = heard(samples);
  EXPECT_EQ(sentence(words), "Go forward ten meters");
  double last = 0;
  for (const Word& w : words) {
    EXPECT_GE(w.start, last);
    EXPECT_GT(w.end, w.start);
    EXPECT_GT(w.probability, 0.0);
    EXPECT_LE(w.probability, 1.0);
    last = w.start;
  }
  EXPECT_LE(words.back().end, static_cast<double>(samples.size()) / kSampleRate + 0.05);
}

// The recordings' own transcripts, from pocketsphinx-testdata.
TEST(Decoder, ReadsLibriVoxWithinItsKnownErrorRate) {
  constexpr std::array<std::pair<const char*, const char*>, 5> kClips{
      {{"0870",
        "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do "
        "for them"},
       {"0880", "he was not an ill disposed young man"},
       {"0890", "unless to be rather cold hearted and rather selfish is to be ill disposed"},
       {"0920", "had he married a more amiable woman he might have been made still more respectable than he was"},
       {"0930", "he might even have been made amiable himself"}}};
  EditCounts sum;
  for (const auto& [clip, reference] : kClips) {
    const auto samples = recording(std::string("librivox/sense_and_sensibility_01_austen_64kb-") + clip + ".wav");
    sum += word_errors(reference, sentence(heard(samples)));
  }
  EXPECT_EQ(sum.reference, 70U);
  EXPECT_LE(sum.rate(), 0.25);  // 0.19 when this was written
}

TEST(Decoder, TheSameSoundGivesTheSameWordsWhateverCameBefore) {
  const auto samples = recording("librivox/sense_and_sensibility_01_austen_64kb-0880.wav");
  const std::string first = sentence(heard(samples));
  heard(recording("librivox/sense_and_sensibility_01_austen_64kb-0920.wav"));
  heard(tone(1, 300, 20'000));
  EXPECT_EQ(sentence(heard(samples)), first);
}

TEST(Decoder, NothingAndNextToNothing) {
  EXPECT_TRUE(heard({}).empty());
  EXPECT_TRUE(heard(silence(0.0001)).empty());
  heard(silence(0.03));
  heard(std::vector<std::int16_t>(16'000, -32768));
  heard(tone(0.5, 7000, 32'000));
}

TEST(Decoder, AMissingModelIsAClearError) {
  const auto made = Decoder::create("/nonexistent");
  ASSERT_FALSE(made.has_value());
  EXPECT_TRUE(made.error().is(Errc::not_found));
  EXPECT_NE(made.error().message().find("pocketsphinx-en-us"), std::string::npos);
}

TEST(DecoderPool, LendsAtMostItsSizeAndTakesBack) {
  auto first = pool().lend(kWait);
  auto second = pool().lend(kWait);
  ASSERT_TRUE(first.has_value());
  ASSERT_TRUE(second.has_value());
  int asked = 0;
  const auto third = pool().lend([&] { return ++asked > 2; });
  ASSERT_FALSE(third.has_value());
  EXPECT_TRUE(third.error().is(Errc::cancelled));

  std::atomic<bool> got{false};
  std::thread waiter([&] { got = pool().lend(kWait).has_value(); });
  {
    const DecoderPool::Lease returned = std::move(*first);
  }
  waiter.join();
  EXPECT_TRUE(got);
}

TEST(DecoderPool, TwoAtATimeHearTheSame) {
  const auto samples = recording("goforward.raw");
  std::vector<std::thread> threads;
  std::vector<std::string> texts(4);
  for (auto& text : texts) threads.emplace_back([&] { text = sentence(heard(samples)); });
  for (auto& t : threads) t.join();
  for (const auto& text : texts) EXPECT_EQ(text, "Go forward ten meters");
}

}  // namespace
}  // namespace hearth::transcribe
