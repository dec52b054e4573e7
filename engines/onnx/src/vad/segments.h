// From the probability of speech in each window to the stretches with speech. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hearth::onnx {

struct SpeechRules {
  double threshold = 0.5;    // speech begins at this probability, and ends 0.15 below it (0.01 at the least)
  double min_speech = 0.25;  // seconds; shorter stretches are dropped
  double min_silence = 0.1;  // seconds; shorter pauses do not end a stretch
  double padding = 0.03;     // seconds added at both ends, as far as there is room
  double max_speech = 1e9;   // seconds; longer stretches are cut where speech is least likely
};

struct SpeechSegment {
  std::size_t start = 0;  // samples
  std::size_t end = 0;
  double probability = 0;  // mean over the stretch before padding
  friend bool operator==(const SpeechSegment&, const SpeechSegment&) = default;
};

// In order, without overlap, within `samples`. `window` samples belong to each probability; no numbers count as 0.
std::vector<SpeechSegment> speech_segments(std::span<const float> probabilities, std::size_t window, std::size_t rate,
                                           std::size_t samples, const SpeechRules& rules);

}  // namespace hearth::onnx
