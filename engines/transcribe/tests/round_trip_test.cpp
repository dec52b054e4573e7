// What the one engine says the other hears: both ends of the box's voice, without a recording.
#include "plan.h"
#include "synthesizer.h"
#include "text.h"
#include "transcribe_fixture.h"

#include <hearth/core/edit_distance.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace hearth::transcribe {
namespace {

// Resampling with a windowed sinc below the new rate's Nyquist frequency.
std::vector<std::int16_t> at_16k(const std::vector<std::int16_t>& samples, int rate) {
  constexpr int kReach = 24;
  constexpr double kPi = 3.14159265358979;
  const double step = static_cast<double>(rate) / kSampleRate;
  const double cutoff = 0.95 / step;  // of the old rate's Nyquist frequency
  std::vector<std::int16_t> out;
  for (double at = kReach; at + kReach + 1 < static_cast<double>(samples.size()); at += step) {
    const auto middle = static_cast<std::ptrdiff_t>(at);
    double sum = 0;
    for (std::ptrdiff_t i = middle - kReach + 1; i <= middle + kReach; ++i) {
      const double x = static_cast<double>(i) - at;
      const double sinc = std::abs(x) < 1e-9 ? cutoff : std::sin(kPi * cutoff * x) / (kPi * x);
      const double window = 0.5 + 0.5 * std::cos(kPi * x / (kReach + 1));
      sum += samples[static_cast<std::size_t>(i)] * sinc * window;
    }
    out.push_back(static_cast<std::int16_t>(std::clamp(sum, -32768.0, 32767.0)));
  }
  return out;
}

TEST(RoundTrip, WhatIsSpokenIsHeard) {
  static const auto synthesizer = std::move(speech::Synthesizer::create(ESPEAK_NG_DATA).value());
  const std::string text = "I would like to order a cup of coffee and a sandwich.";
  const speech::Speaker speaker = synthesizer->voices().speaker("alloy").value();
  const speech::Plan plan = speech::plan_speech(synthesizer->voices(), speaker, "", text).value();
  std::vector<std::int16_t> spoken;
  ASSERT_TRUE(synthesizer->speak(plan, speaker, 1.0, [&](std::span<const std::int16_t> s) {
    spoken.insert(spoken.end(), s.begin(), s.end());
    return speech::Flow::go_on;
  }));
  std::vector<std::int16_t> sound = silence(0.4);
  append(sound, at_16k(spoken, synthesizer->sample_rate()));
  append(sound, silence(0.4));

  auto decoder = pool().lend([] { return false; });
  std::string heard;
  for (const Segment& segment : segments_of(sound))
    heard += sentence((*decoder)->decode(segment.samples).value()) + " ";
  EXPECT_LE(word_errors(text, heard).rate(), 0.35) << heard;
}

}  // namespace
}  // namespace hearth::transcribe
