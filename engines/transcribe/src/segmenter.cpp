#include "segmenter.h"

#include <algorithm>
#include <cmath>

namespace hearth::transcribe {
namespace {

constexpr std::size_t kFloorWindow = 400;  // frames (4 s) whose quiet tenth is the noise floor
constexpr std::size_t kFirstLook = 50;     // frames (0.5 s) that are heard before anything is judged
constexpr double kFloorLowest = -62;       // dB: below this a recording is as good as silent
constexpr double kFloorHighest = -46;      // dB: a stream that begins in the middle of a word has no quiet part yet
constexpr double kSpread = 6;              // dB between loud and quiet frames; what is steadier is noise or a tone
constexpr std::size_t kJudgeSpread = 50;   // frames from which the spread says something
constexpr float kPreEmphasis = 0.97F;      // takes hum and rumble out of the level

float level_of(std::span<const std::int16_t> samples, float& previous) {
  double energy = 0;
  for (const std::int16_t s : samples) {
    const float sharp = static_cast<float>(s) - kPreEmphasis * previous;
    previous = static_cast<float>(s);
    energy += static_cast<double>(sharp) * sharp;
  }
  const double mean = energy / static_cast<double>(samples.size()) / (32768.0 * 32768.0);
  return static_cast<float>(10 * std::log10(mean + 1e-12));
}

int bin_of(float level) {
  return std::clamp(static_cast<int>(std::lround(-level)), 0, 127);
}

}  // namespace

void Segmenter::push(std::span<const std::int16_t> samples) {
  received_ += samples.size();
  if (!partial_.empty()) {
    const std::size_t n = std::min(kFrame - partial_.size(), samples.size());
    partial_.insert(partial_.end(), samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(n));
    samples = samples.subspan(n);
    if (partial_.size() < kFrame) return;
    add_frame(partial_);
    partial_.clear();
  }
  for (; samples.size() >= kFrame; samples = samples.subspan(kFrame)) add_frame(samples.first(kFrame));
  partial_.assign(samples.begin(), samples.end());
}

void Segmenter::finish() {
  if (!partial_.empty()) {
    partial_.resize(kFrame);
    add_frame(partial_);
    partial_.clear();
  }
  ended_ = true;
  step();
  if (open_) close(frames_.size());
}

std::optional<Segment> Segmenter::take() {
  if (ready_.empty()) return std::nullopt;
  Segment first = std::move(ready_.front());
  ready_.pop_front();
  return first;
}

void Segmenter::add_frame(std::span<const std::int16_t> samples) {
  const float level = level_of(samples, previous_sample_);
  frames_.push_back({level, false});
  samples_.insert(samples_.end(), samples.begin(), samples.end());
  const int bin = bin_of(level);
  recent_.push_back(bin);
  ++histogram_[static_cast<std::size_t>(bin)];
  if (recent_.size() > kFloorWindow) {
    --histogram_[static_cast<std::size_t>(recent_.front())];
    recent_.pop_front();
  }
  step();
}

double Segmenter::noise_floor() const {
  const auto quiet_tenth = static_cast<int>(recent_.size() / 10) + 1;
  int seen = 0;
  for (std::size_t bin = histogram_.size(); bin-- > 0;) {
    seen += histogram_[bin];
    if (seen >= quiet_tenth) return std::clamp(-static_cast<double>(bin), kFloorLowest, kFloorHighest);
  }
  return kFloorLowest;
}

void Segmenter::step() {
  if (recent_.size() < kFirstLook && !ended_) return;
  while (judged_ < frames_.size()) judge(judged_++);
}

int Segmenter::pause_after(std::size_t frames) {
  if (frames < 400) return 100;
  if (frames < 800) return 60;
  return frames < 1200 ? 30 : 15;
}

void Segmenter::judge(std::size_t index) {
  Frame& frame = frames_[index];
  const double over = frame.level - noise_floor();
  frame.speech = over > (open_ ? settings_.release_db : settings_.onset_db);
  if (!open_) {
    loud_ = frame.speech ? loud_ + 1 : 0;
    if (loud_ >= settings_.onset_frames) {
      open_ = true;
      const auto back = static_cast<std::size_t>(settings_.padding_frames + settings_.onset_frames);
      begin_ = index + 1 > back ? index + 1 - back : 0;
      quiet_ = 0;
    } else if (index > static_cast<std::size_t>(4 * settings_.padding_frames)) {
      forget(index - static_cast<std::size_t>(settings_.padding_frames + settings_.onset_frames));
    }
    return;
  }
  quiet_ = frame.speech ? 0 : quiet_ + 1;
  const std::size_t length = index + 1 - begin_;
  if (quiet_ >= pause_after(length - static_cast<std::size_t>(quiet_))) {
    const auto surplus = static_cast<std::size_t>(std::max(0, quiet_ - settings_.padding_frames));
    close(index + 1 - surplus);
  } else if (length >= static_cast<std::size_t>(settings_.max_frames)) {
    cut_at_quietest();
  }
}

void Segmenter::cut_at_quietest() {
  // In the last third, so that no piece is short; by the mean of a few frames, so that no single one decides.
  const std::size_t length = judged_ - begin_;
  const std::size_t from = begin_ + length * 2 / 3;
  std::size_t best = from;
  float best_level = 1e9F;
  constexpr std::size_t kSmooth = 5;
  for (std::size_t i = from; i + kSmooth < judged_; ++i) {
    float sum = 0;
    for (std::size_t k = 0; k < kSmooth; ++k) sum += frames_[i + k].level;
    if (sum < best_level) {
      best_level = sum;
      best = i + kSmooth / 2;
    }
  }
  close(best);
  // What follows the cut goes on being speech.
  open_ = true;
  begin_ = 0;
  quiet_ = 0;
}

void Segmenter::close(std::size_t end_frame) {
  const std::span<const Frame> frames(frames_.data() + begin_, end_frame - begin_);
  std::vector<float> levels;
  levels.reserve(frames.size());
  for (const Frame& f : frames) levels.push_back(f.level);
  std::ranges::sort(levels);
  const float spread = levels.empty() ? 0 : levels[levels.size() * 19 / 20] - levels[levels.size() / 20];
  const bool steady = frames.size() >= kJudgeSpread && spread < kSpread;
  if (!steady && !frames.empty()) {
    Segment segment;
    segment.start = (first_frame_ + begin_) * kFrame;
    segment.samples.assign(samples_.begin() + static_cast<std::ptrdiff_t>(begin_ * kFrame),
                           samples_.begin() + static_cast<std::ptrdiff_t>(end_frame * kFrame));
    const auto first = std::ranges::find(frames, true, &Frame::speech);
    auto last = frames.end();
    while (last != first && !std::prev(last)->speech) --last;
    const auto inside = last - first;
    if (first != frames.end() && inside > 0)
      segment.silence = static_cast<double>(std::count_if(first, last, [](const Frame& f) { return !f.speech; })) /
                        static_cast<double>(inside);
    ready_.push_back(std::move(segment));
  }
  open_ = false;
  loud_ = 0;
  forget(end_frame);
}

void Segmenter::forget(std::size_t frames) {
  frames = std::min(frames, frames_.size());
  frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(frames));
  samples_.erase(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(frames * kFrame));
  first_frame_ += frames;
  judged_ -= std::min(judged_, frames);
}

}  // namespace hearth::transcribe
