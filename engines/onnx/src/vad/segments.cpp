#include "segments.h"

#include <algorithm>
#include <cmath>

namespace hearth::onnx {
namespace {

constexpr double kHysteresis = 0.15;
constexpr double kLeastExit = 0.01;

// A stretch in windows, half open.
struct Stretch {
  std::size_t first = 0;
  std::size_t end = 0;
};

double clean(float p) {
  return std::isfinite(p) ? static_cast<double>(p) : 0.0;
}

std::vector<Stretch> stretches(std::span<const float> p, double threshold, double min_silence) {
  const double exit = std::max(threshold - kHysteresis, kLeastExit);
  std::vector<Stretch> found;
  bool speaking = false;
  std::size_t first = 0;
  std::size_t quiet_since = 0;
  bool quiet = false;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double now = clean(p[i]);
    if (now >= threshold) {
      quiet = false;
      if (!speaking) first = i;
      speaking = true;
    } else if (speaking && now < exit) {
      if (!quiet) quiet_since = i;
      quiet = true;
    }
    // A pause that became long enough ends the stretch where the pause began.
    if (!quiet || static_cast<double>(i - quiet_since) < min_silence) continue;
    found.push_back({first, quiet_since});
    speaking = quiet = false;
  }
  if (speaking) found.push_back({first, quiet ? quiet_since : p.size()});
  return found;
}

// Cuts what is longer than `most` windows in the second half of each piece, at the least likely window.
std::vector<Stretch> cut(const std::vector<Stretch>& all, std::span<const float> p, double most_windows) {
  if (most_windows >= static_cast<double>(p.size())) return all;
  const std::size_t most = std::max<std::size_t>(static_cast<std::size_t>(std::max(most_windows, 2.0)), 2);
  std::vector<Stretch> out;
  for (Stretch s : all) {
    while (s.end - s.first > most) {
      std::size_t at = s.first + most;
      for (std::size_t i = s.first + most / 2; i < s.first + most; ++i)
        if (clean(p[i]) < clean(p[std::min(at, s.end - 1)])) at = i;
      at = std::max(at, s.first + 1);
      out.push_back({s.first, at});
      s.first = at;
    }
    out.push_back(s);
  }
  return out;
}

}  // namespace

std::vector<SpeechSegment> speech_segments(std::span<const float> probabilities, std::size_t window, std::size_t rate,
                                           std::size_t samples, const SpeechRules& rules) {
  const auto windows = [&](double seconds) {
    return seconds * static_cast<double>(rate) / static_cast<double>(window);
  };
  const auto found = cut(stretches(probabilities, rules.threshold, windows(rules.min_silence)), probabilities,
                         windows(rules.max_speech));
  std::vector<SpeechSegment> out;
  for (const Stretch& s : found) {
    const std::size_t start = std::min(s.first * window, samples);
    const std::size_t end = std::min(s.end * window, samples);
    if (end <= start || static_cast<double>(end - start) < rules.min_speech * static_cast<double>(rate)) continue;
    double sum = 0;
    for (std::size_t i = s.first; i < s.end; ++i) sum += std::clamp(clean(probabilities[i]), 0.0, 1.0);
    out.push_back({start, end, sum / static_cast<double>(s.end - s.first)});
  }
  const auto padding = static_cast<std::size_t>(rules.padding * static_cast<double>(rate));
  std::size_t before = 0;  // the end of what came before, not padded yet
  for (std::size_t i = 0; i < out.size(); ++i) {
    // Between neighbours each gets at most half of the pause.
    const std::size_t room_left = i == 0 ? out[i].start : (out[i].start - before) / 2;
    const std::size_t next = i + 1 < out.size() ? out[i + 1].start : samples;
    const std::size_t pause = next - out[i].end;
    const std::size_t room_right = i + 1 < out.size() ? pause / 2 : pause;
    before = out[i].end;
    out[i].start -= std::min(padding, room_left);
    out[i].end += std::min(padding, room_right);
  }
  return out;
}

}  // namespace hearth::onnx
