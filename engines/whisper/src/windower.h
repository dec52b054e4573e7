// Cuts a recording into windows for the model: stretches of speech with their pauses, none longer than the model hears
// at once. What nobody says anything in is left out.
//
// Pure; belongs to one request. Holds at most one window of samples, and what was pushed at once.
#pragma once

#include "guards.h"
#include "recogniser.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace hearth::whisper {

struct Window {
  std::uint64_t start = 0;  // in samples from the recording's begin
  std::vector<float> samples;
  std::vector<float> probability;  // of speech, in each chunk
  std::vector<Stretch> speech;     // where somebody speaks in it
};

// Is more sound there already, or does the recording go on only as it is spoken? Then a pause is the moment to answer.
enum class Supply { plenty, live };

class Windower {
 public:
  // In chunks of kChunk samples (32 ms), but for the probabilities.
  struct Settings {
    float onset = 0.5F;           // speech begins at this probability …
    float release = 0.35F;        // … and lasts until below this
    std::size_t least = 4;        // shorter is a click
    std::size_t padding = 8;      // kept before and after speech
    std::size_t pause = 18;       // ends a window when the sound comes live
    std::size_t gap = 94;         // ends one in any case
    std::size_t longest = 900;    // 28.8 s
    std::size_t look_back = 300;  // where a window that gets too long may be cut: its last 9.6 s
  };
  Windower() : Windower(Settings{}) {}
  explicit Windower(const Settings& settings) : settings_(settings) {}

  // The recording's next samples, in whole chunks, with the probability of speech in each.
  void push(std::span<const float> samples, std::span<const float> speech, Supply supply);
  // The recording is over.
  void finish();
  // The next window, oldest first.
  std::optional<Window> take();
  [[nodiscard]] std::size_t held() const { return samples_.size(); }

 private:
  void add(std::span<const float> chunk, float probability, Supply supply);
  void close(std::size_t end);
  void cut();
  void keep_padding();
  [[nodiscard]] std::size_t chunks() const { return voiced_.size(); }
  [[nodiscard]] std::size_t quietest() const;

  Settings settings_;
  std::uint64_t first_ = 0;  // chunk of the recording that the buffers begin with
  std::vector<float> samples_;
  std::vector<float> probability_;
  std::vector<bool> voiced_;
  bool voice_ = false;
  bool open_ = false;       // the buffers are a window that has begun
  std::size_t run_ = 0;     // voiced chunks at the end
  std::size_t silent_ = 0;  // chunks without voice at the end
  std::deque<Window> ready_;
};

// For boxes without a model of speech: 1 in chunks that are not (nearly) silent.
std::vector<float> loudness(std::span<const float> samples);

}  // namespace hearth::whisper
