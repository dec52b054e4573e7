// espeak-ng, which exists once in a process and does one thing at a time.
#pragma once

#include "plan.h"
#include "voices.h"

#include <hearth/core/error.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace hearth::speech {

enum class Flow { go_on, stop };
// Takes samples as they are made (mono, at sample_rate()); its `stop` ends the synthesis at once.
using Sink = std::function<Flow(std::span<const std::int16_t>)>;

class Synthesizer {
 public:
  // `data`: the folder espeak-ng-data. It is looked over first, as espeak-ng ends the process over a wrong one.
  // not_found when something is missing; failed_precondition when there is one already in this process.
  static Result<std::unique_ptr<Synthesizer>> create(const std::filesystem::path& data);
  ~Synthesizer();
  Synthesizer(const Synthesizer&) = delete;
  Synthesizer& operator=(const Synthesizer&) = delete;

  [[nodiscard]] int sample_rate() const { return sample_rate_; }  // Hz
  [[nodiscard]] const Voices& voices() const { return voices_; }
  // Speaks the pieces one after the other. `speed`: 0.25 to 4, 1 is 175 words a minute. Any thread; calls wait for each
  // other. cancelled when the sink stopped it, internal when espeak-ng refuses.
  Result<void> speak(const Plan& plan, const Speaker& speaker, double speed, const Sink& sink);
  // How the pieces are spoken, in the International Phonetic Alphabet and with the text's marks. Any thread; internal.
  Result<std::string> phonemes(const Plan& plan);

 private:
  Synthesizer(int sample_rate, Voices voices) : sample_rate_(sample_rate), voices_(std::move(voices)) {}
  int sample_rate_;
  Voices voices_;
};

}  // namespace hearth::speech
