#include "synthesizer.h"

#include "speech_fixture.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>

namespace hearth::speech {
namespace {

namespace fs = std::filesystem;

double seconds(const std::vector<std::int16_t>& samples) {
  return static_cast<double>(samples.size()) / synthesizer().sample_rate();
}

int peak(const std::vector<std::int16_t>& samples) {
  int most = 0;
  for (const std::int16_t s : samples) most = std::max(most, std::abs(int{s}));
  return most;
}

// The median pitch of the voiced parts, by autocorrelation.
double pitch(const std::vector<std::int16_t>& samples) {
  const int rate = synthesizer().sample_rate();
  const std::size_t window = static_cast<std::size_t>(rate) / 20;
  std::vector<double> found;
  for (std::size_t at = 0; at + 2 * window < samples.size(); at += window) {
    double energy = 0;
    for (std::size_t i = 0; i < window; ++i) energy += double{1} * samples[at + i] * samples[at + i];
    if (energy / static_cast<double>(window) < 1e6) continue;
    double best = 0;
    std::size_t best_lag = 0;
    for (std::size_t lag = static_cast<std::size_t>(rate) / 400; lag < static_cast<std::size_t>(rate) / 60; ++lag) {
      double sum = 0;
      double shifted = 0;
      for (std::size_t i = 0; i < window; ++i) {
        sum += double{1} * samples[at + i] * samples[at + i + lag];
        shifted += double{1} * samples[at + i + lag] * samples[at + i + lag];
      }
      const double likeness = sum / std::sqrt(energy * shifted + 1);
      if (likeness > best + 0.02) {
        best = likeness;
        best_lag = lag;
      }
    }
    if (best > 0.7) found.push_back(static_cast<double>(rate) / static_cast<double>(best_lag));
  }
  if (found.empty()) return 0;
  std::ranges::nth_element(found, found.begin() + static_cast<std::ptrdiff_t>(found.size() / 2));
  return found[found.size() / 2];
}

TEST(Synthesizer, SpeaksAloud) {
  const auto samples = spoken("The quick brown fox jumps over the lazy dog.");
  EXPECT_EQ(synthesizer().sample_rate(), 22050);
  EXPECT_GT(seconds(samples), 1.5);
  EXPECT_LT(seconds(samples), 6.0);
  EXPECT_GT(peak(samples), 3000);
}

// Not bit for bit: espeak-ng lets the pitch flutter, and the length by some samples.
TEST(Synthesizer, WhatWasSpokenBeforeDoesNotMatter) {
  const auto first = spoken("Once more, with feeling.");
  spoken("Something else", "onyx", 2.0);
  spoken("你好", "shimmer", 0.3);
  const auto again = spoken("Once more, with feeling.");
  EXPECT_NEAR(seconds(again), seconds(first), 0.05);
  EXPECT_NEAR(pitch(again), pitch(first), 15);
}

TEST(Synthesizer, SpeedIsHonoured) {
  const std::string text = "The river runs down from the hills to the sea, past the old mill and the new bridge.";
  const double normal = seconds(spoken(text));
  for (const double speed : {0.25, 0.5, 0.75, 1.5, 2.0, 3.0, 4.0}) {
    const double ratio = normal / seconds(spoken(text, "alloy", speed));
    EXPECT_NEAR(ratio / speed, 1.0, 0.2) << speed;
  }
}

TEST(Synthesizer, EveryOpenAiVoiceIsAnother) {
  std::map<std::string, std::vector<std::int16_t>> sounds;
  for (const ListedVoice& v : synthesizer().voices().list()) {
    if (sounds.size() == 13) break;
    sounds[v.id] = spoken("We were away all year long, and no one knew why.", v.id);
    const double f0 = pitch(sounds[v.id]);
    RecordProperty(v.id, static_cast<int>(f0));
    std::printf("%-8s %-6s %5.0f Hz\n", v.id.c_str(), std::string(to_string(v.gender)).c_str(), f0);
    if (v.gender == Gender::female) EXPECT_GT(f0, 130) << v.id;
    if (v.gender == Gender::male) EXPECT_LT(f0, 165) << v.id;
  }
  ASSERT_EQ(sounds.size(), 13U);
  for (const auto& [a, sound] : sounds)
    for (const auto& [b, other] : sounds)
      if (a < b) EXPECT_NE(sound, other) << a << " and " << b;
}

TEST(Synthesizer, MandarinIsNotReadAsEnglishLetters) {
  // Two syllables. The voice that spells them out takes well over a second.
  const double hello = seconds(spoken("你好"));
  EXPECT_GT(hello, 0.3);
  EXPECT_LT(hello, 1.0);
  EXPECT_NE(spoken("你好", "alloy"), spoken("你好", "onyx"));
}

TEST(Synthesizer, TheSinkStopsItAtOnce) {
  const Speaker speaker = synthesizer().voices().speaker("").value();
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "And then there was another sentence. ";
  const Plan plan = plan_speech(synthesizer().voices(), speaker, "", text).value();
  for (const double speed : {0.3, 1.0, 4.0}) {
    int calls = 0;
    const auto done = synthesizer().speak(
        plan, speaker, speed, [&](std::span<const std::int16_t>) { return ++calls == 3 ? Flow::stop : Flow::go_on; });
    ASSERT_FALSE(done.has_value());
    EXPECT_TRUE(done.error().is(Errc::cancelled));
    EXPECT_EQ(calls, 3);
  }
  EXPECT_GT(seconds(spoken("It still speaks.")), 0.5);
}

TEST(Synthesizer, ManyThreadsTakeTurns) {
  const auto alone = spoken("Turn by turn.");
  std::vector<std::thread> threads;
  std::vector<std::vector<std::int16_t>> heard(4);
  for (auto& h : heard) threads.emplace_back([&h] { h = spoken("Turn by turn."); });
  for (auto& t : threads) t.join();
  for (const auto& h : heard) EXPECT_NEAR(seconds(h), seconds(alone), 0.05);
}

TEST(Synthesizer, StrangeTextsDoNotHarmIt) {
  for (const std::string& text : {std::string(3000, 'x'), std::string("a\u0301\u0301\u0301\u0301\u0301 b"),
                                  std::string("[[h@l'oU]] <speak><mark/></speak> &#0; \\ %s %n"),
                                  std::string("\u0622\u0644\u0633\u0644\u0627\u0645 \u05e9\u05dc\u05d5\u05dd "
                                              "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \uc548\ub155"),
                                  std::string("\U00010330\U00010331 \u13a0\u13a1 \u1401"),
                                  std::string("1 2 3 4 5 6 7 8 9 0"), std::string("\u202e evil \u202c \ufeff x")})
    spoken(text);
  EXPECT_GT(peak(spoken("fine")), 1000);
}

TEST(Synthesizer, AMissingDataFolderIsAClearError) {
  for (const fs::path& path : {fs::path("/nonexistent"), fs::temp_directory_path(), fs::path("")}) {
    const auto made = Synthesizer::create(path);
    ASSERT_FALSE(made.has_value());
    EXPECT_TRUE(made.error().is(Errc::not_found));
    EXPECT_NE(made.error().message().find("espeak-ng-data"), std::string::npos);
  }
}

TEST(Synthesizer, ThereIsOnlyOne) {
  synthesizer();
  const auto second = Synthesizer::create(ESPEAK_NG_DATA);
  ASSERT_FALSE(second.has_value());
  EXPECT_TRUE(second.error().is(Errc::failed_precondition));
}

}  // namespace
}  // namespace hearth::speech
