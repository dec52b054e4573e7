#include "transcript.h"

#include <hearth/core/scripts.h>

#include <algorithm>
#include <cmath>

namespace hearth::whisper {
namespace {

// The share of [start, end] in which nobody speaks, 0 to 1. libwhisper's own number is not used: it is taken from the
// step before the one it should be taken from, and can be infinite.
double silence(const Window& window, double start, double end) {
  const double chunks = static_cast<double>(window.probability.size());
  const auto chunk = [&](double at) { return std::clamp(at * kSampleRate / kChunk, 0.0, chunks); };
  const auto first = static_cast<std::size_t>(chunk(start));
  const auto last =
      std::min(std::max(static_cast<std::size_t>(std::ceil(chunk(end))), first + 1), window.probability.size());
  if (first >= last) return 1;
  double speech = 0;
  for (std::size_t i = first; i < last; ++i) speech += window.probability[i];
  return std::clamp(1 - speech / static_cast<double>(last - first), 0.0, 1.0);
}

}  // namespace

std::vector<Segment> Transcript::add(const Window& window, const WindowHeard& heard) {
  const double begin = static_cast<double>(window.start) / kSampleRate;
  const double end = begin + static_cast<double>(window.samples.size()) / kSampleRate;
  doubtful_ = false;
  std::vector<Segment> segments;
  for (const Heard& h : heard.segments) {
    const double no_speech = silence(window, h.start, h.end);
    if (is_doubtful(no_speech, h.avg_logprob) || is_unheard(h.start, h.end, window.speech)) {
      doubtful_ = true;
      continue;
    }
    Segment s;
    s.words = words_of(h.tokens);
    if (cut_repeats(s.words) > 0) doubtful_ = true;
    if (s.words.empty()) continue;
    if (echo_.repeats(s.words)) {
      doubtful_ = true;
      continue;
    }
    // The model's times are guesses: they are kept in order, and inside of what it was given.
    const auto placed = [&](double at, double least) { return std::clamp(begin + at, std::min(least, end), end); };
    s.start = placed(h.start, std::max(last_end_, begin));
    s.end = placed(h.end, s.start);
    for (double at = s.start; Word & word : s.words) {
      word.start = std::min(placed(word.start, at), s.end);
      word.end = std::min(placed(word.end, word.start), s.end);
      at = word.end;
    }
    last_end_ = s.end;
    s.id = next_id_++;
    s.text = text_of(s.words);
    s.avg_logprob = h.avg_logprob;
    s.no_speech = no_speech;
    if (wants_space(text_, s.text)) text_ += ' ';
    text_ += s.text;
    segments.push_back(std::move(s));
  }
  return segments;
}

}  // namespace hearth::whisper
