#include "transcript.h"

#include <gmock/gmock.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace hearth::whisper {
namespace {

// A window of so many seconds in which somebody speaks all the time.
Window window(double start, double seconds, float probability = 1) {
  Window w;
  w.start = static_cast<std::uint64_t>(start * kSampleRate);
  w.samples.resize(static_cast<std::size_t>(seconds * kSampleRate));
  w.probability.assign((w.samples.size() + kChunk - 1) / kChunk, probability);
  w.speech = {{0, seconds}};
  return w;
}

Heard heard(double start, double end, const std::string& text, double logprob = -0.2) {
  Heard h;
  h.start = start;
  h.end = end;
  h.avg_logprob = logprob;
  h.tokens = {{text, start, end, 0.8}};
  return h;
}

TEST(Transcript, TimesCountFromTheRecordingsBegin) {
  Transcript t;
  EXPECT_TRUE(t.doubtful());  // nothing was heard before
  const auto first = t.add(window(3, 5), {{heard(0.5, 1.5, " Hello."), heard(2, 4, " World.")}, "en"});
  ASSERT_EQ(first.size(), 2U);
  EXPECT_FALSE(t.doubtful());
  EXPECT_EQ(first[0].text, "Hello.");
  EXPECT_DOUBLE_EQ(first[0].start, 3.5);
  EXPECT_DOUBLE_EQ(first[0].end, 4.5);
  EXPECT_DOUBLE_EQ(first[1].words.at(0).start, 5);
  const auto second = t.add(window(20, 5), {{heard(0, 1, " Again.")}, "en"});
  EXPECT_EQ(second.at(0).id, 2);
  EXPECT_EQ(t.text(), "Hello. World. Again.");
}

TEST(Transcript, ImpossibleTimesAreMoved) {
  Transcript t;
  // Beyond the window, backwards, into the segment before.
  const auto found = t.add(window(10, 2), {{heard(0, 9, " a"), heard(1.9, 1, " b"), heard(-3, 0.5, " c")}, "en"});
  ASSERT_EQ(found.size(), 3U);
  double last = 10;
  for (const Segment& s : found) {
    EXPECT_GE(s.start, last);
    EXPECT_GE(s.end, s.start);
    EXPECT_LE(s.end, 12);
    last = s.end;
  }
}

TEST(Transcript, InventionsAreThrownOutAndForgotten) {
  Transcript t;
  Window pause = window(0, 10, 0.1F);
  pause.speech = {{0, 2}};
  const auto found = t.add(pause, {{heard(0, 2, " Hello."), heard(6, 8, " Thank you for watching!")}, "en"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].text, "Hello.");
  EXPECT_NEAR(found[0].no_speech, 0.9, 1e-6);
  EXPECT_TRUE(t.doubtful());
  EXPECT_THAT(t.add(window(10, 2, 0.2F), {{heard(0, 1, " Mumble", -1.4)}, "en"}), ::testing::IsEmpty());
  EXPECT_EQ(t.text(), "Hello.");
}

TEST(Transcript, LoopsAreCutAndForgotten) {
  Transcript t;
  Heard loop = heard(0, 2, "");
  loop.tokens.clear();
  for (int i = 0; i < 10; ++i)
    for (const char* word : {" round", " and", " round"}) loop.tokens.push_back({word, 0, 1, 0.9});
  EXPECT_EQ(t.add(window(0, 10), {{loop}, "en"}).at(0).text, "round and round");
  EXPECT_TRUE(t.doubtful());
  std::size_t kept = 0;
  for (int i = 1; i <= 6; ++i) kept += t.add(window(10 * i, 5), {{heard(0, 1, " Bye.")}, "en"}).size();
  EXPECT_EQ(kept, 3U);
}

TEST(Transcript, NoSpaceBetweenChineseSentences) {
  Transcript t;
  t.add(window(0, 5), {{heard(0, 1, "你好。"), heard(2, 3, "世界。")}, "zh"});
  EXPECT_EQ(t.text(), "你好。世界。");
}

// Whatever the model says, segments are numbered, in order, and inside of their window.
RC_GTEST_PROP(TranscriptProperty, SegmentsAreInOrder, ()) {
  Transcript t;
  double last = 0;
  int id = 0;
  double start = 0;
  for (int w = *rc::gen::inRange(1, 5); w > 0; --w) {
    start += *rc::gen::inRange(0, 10);
    const double length = *rc::gen::inRange(1, 30);
    WindowHeard said;
    for (int n = *rc::gen::inRange(0, 6); n > 0; --n) {
      Heard h = heard(*rc::gen::inRange(-5, 40), *rc::gen::inRange(-5, 40), " word" + std::to_string(n + w * 10));
      h.tokens.push_back(
          {" end", static_cast<double>(*rc::gen::inRange(-5, 40)), static_cast<double>(*rc::gen::inRange(-5, 40)), 1});
      said.segments.push_back(h);
    }
    for (const Segment& s : t.add(window(start, length), said)) {
      RC_ASSERT(s.id == id++);
      RC_ASSERT(s.start >= last && s.start >= start);
      RC_ASSERT(s.end >= s.start && s.end <= start + length + 0.04);
      double at = s.start;
      for (const Word& word : s.words) {
        RC_ASSERT(word.start >= at && word.end >= word.start && word.end <= s.end);
        at = word.end;
      }
      last = s.end;
    }
    start += length;
  }
}

}  // namespace
}  // namespace hearth::whisper
