#include "windower.h"

#include <algorithm>
#include <cmath>

namespace hearth::whisper {
namespace {

constexpr double kChunkSeconds = static_cast<double>(kChunk) / kSampleRate;
constexpr double kSilence = 0.001;  // -60 dB of full scale

std::ptrdiff_t offset(std::size_t n) {
  return static_cast<std::ptrdiff_t>(n);
}

// Voiced runs of [0, end) as stretches.
std::vector<Stretch> stretches(const std::vector<bool>& voiced, std::size_t end) {
  std::vector<Stretch> found;
  for (std::size_t i = 0; i < end; ++i) {
    if (!voiced[i]) continue;
    const double from = static_cast<double>(i) * kChunkSeconds;
    if (i == 0 || !voiced[i - 1]) found.push_back({from, from});
    found.back().end = from + kChunkSeconds;
  }
  return found;
}

}  // namespace

void Windower::push(std::span<const float> samples, std::span<const float> speech, Supply supply) {
  for (std::size_t i = 0; i < speech.size(); ++i) add(samples.subspan(i * kChunk, kChunk), speech[i], supply);
}

void Windower::add(std::span<const float> chunk, float probability, Supply supply) {
  voice_ = probability >= (voice_ ? settings_.release : settings_.onset);
  samples_.insert(samples_.end(), chunk.begin(), chunk.end());
  probability_.push_back(probability);
  voiced_.push_back(voice_);
  run_ = voice_ ? run_ + 1 : 0;
  silent_ = voice_ ? 0 : silent_ + 1;
  if (!open_) {
    open_ = run_ >= settings_.least;
    if (!open_) keep_padding();
    return;
  }
  if (silent_ >= (supply == Supply::live ? settings_.pause : settings_.gap)) {
    close(chunks() - silent_ + std::min(silent_, settings_.padding));
    keep_padding();
  } else if (chunks() >= settings_.longest) {
    cut();
  }
}

void Windower::finish() {
  if (open_) close(chunks() - silent_ + std::min(silent_, settings_.padding));
}

std::optional<Window> Windower::take() {
  if (ready_.empty()) return std::nullopt;
  Window window = std::move(ready_.front());
  ready_.pop_front();
  return window;
}

// The first `end` chunks are a window; the rest stays.
void Windower::close(std::size_t end) {
  Window window;
  window.start = first_ * kChunk;
  window.samples.assign(samples_.begin(), samples_.begin() + offset(end * kChunk));
  window.probability.assign(probability_.begin(), probability_.begin() + offset(end));
  window.speech = stretches(voiced_, end);
  ready_.push_back(std::move(window));
  samples_.erase(samples_.begin(), samples_.begin() + offset(end * kChunk));
  probability_.erase(probability_.begin(), probability_.begin() + offset(end));
  voiced_.erase(voiced_.begin(), voiced_.begin() + offset(end));
  first_ += end;
  open_ = false;
}

// It is as long as the model can hear: it ends in the quietest place of its last part, and what follows is the next
// one.
void Windower::cut() {
  close(quietest());
  // In the middle of somebody's words there is no waiting for a second onset.
  open_ = std::find(voiced_.begin(), voiced_.end(), true) != voiced_.end();
  if (!open_) keep_padding();
}

std::size_t Windower::quietest() const {
  const std::size_t from = chunks() - std::min(settings_.look_back, chunks() / 2);
  std::size_t best = 0;  // length of the longest pause
  std::size_t end = 0;
  for (std::size_t i = from, pause = 0; i < chunks(); ++i) {
    pause = voiced_[i] ? 0 : pause + 1;
    if (pause >= std::max<std::size_t>(best, 1)) {
      best = pause;
      end = i + 1 - pause / 2;
    }
  }
  if (best > 0) return end;
  const auto least = std::min_element(probability_.begin() + offset(from), probability_.end());
  return static_cast<std::size_t>(least - probability_.begin()) + 1;
}

// Before a window begins, only what may come to be its first chunks is kept.
void Windower::keep_padding() {
  const std::size_t keep = settings_.padding + settings_.least;
  if (chunks() <= keep) return;
  const std::size_t drop = chunks() - keep;
  samples_.erase(samples_.begin(), samples_.begin() + offset(drop * kChunk));
  probability_.erase(probability_.begin(), probability_.begin() + offset(drop));
  voiced_.erase(voiced_.begin(), voiced_.begin() + offset(drop));
  first_ += drop;
}

std::vector<float> loudness(std::span<const float> samples) {
  std::vector<float> speech;
  for (std::size_t at = 0; at + kChunk <= samples.size(); at += kChunk) {
    double energy = 0;
    for (const float s : samples.subspan(at, kChunk)) energy += static_cast<double>(s) * s;
    speech.push_back(std::sqrt(energy / kChunk) >= kSilence ? 1.0F : 0.0F);
  }
  return speech;
}

}  // namespace hearth::whisper
