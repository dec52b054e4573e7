// One synthesizer for all tests of the program, as espeak-ng exists once in a process.
#pragma once

#include "plan.h"
#include "synthesizer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace hearth::speech {

inline Synthesizer& synthesizer() {
  static const std::unique_ptr<Synthesizer> instance = [] {
    auto made = Synthesizer::create(ESPEAK_NG_DATA);
    if (!made) ADD_FAILURE() << made.error().describe();
    return made ? std::move(*made) : nullptr;
  }();
  return *instance;
}

// The samples of `text`, or none if it could not be spoken.
inline std::vector<std::int16_t> spoken(std::string_view text, std::string_view voice = "alloy", double speed = 1.0,
                                        std::string_view language = {}) {
  const Speaker speaker = synthesizer().voices().speaker(voice).value();
  const Plan plan = plan_speech(synthesizer().voices(), speaker, language, text).value();
  std::vector<std::int16_t> samples;
  const auto done = synthesizer().speak(plan, speaker, speed, [&](std::span<const std::int16_t> s) {
    samples.insert(samples.end(), s.begin(), s.end());
    return Flow::go_on;
  });
  EXPECT_TRUE(done.has_value());
  return samples;
}

}  // namespace hearth::speech
