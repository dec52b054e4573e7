// For tests: hears what it is told to, and remembers what it was asked.
#pragma once

#include "recogniser.h"

#include <algorithm>
#include <atomic>
#include <vector>

namespace hearth::whisper::testing {

// In every window one word for each second of it: " w0", " w1" … Speech is what is louder than 0.1.
class FakeRecogniser final : public Recogniser {
 public:
  struct Asked {
    std::size_t samples = 0;
    Task task = Task::transcribe;
    std::string language;
    std::string prompt;
    bool forget = false;
    double temperature = 0;
    int threads = 0;
  };

  void begin() override {
    ++recordings;
    asked.clear();
  }
  [[nodiscard]] bool tells_speech() const override { return tells; }

  Result<std::vector<float>> speech(std::span<const float> samples) override {
    if (samples.size() % kChunk != 0) return fail(Errc::internal, "not whole chunks");
    std::vector<float> found;
    for (std::size_t at = 0; at < samples.size(); at += kChunk) {
      const auto chunk = samples.subspan(at, kChunk);
      found.push_back(std::ranges::any_of(chunk, [](float s) { return s > 0.1F; }) ? 0.95F : 0.02F);
    }
    return found;
  }

  Result<WindowHeard> hear(const WindowJob& job) override {
    asked.push_back({job.samples.size(), job.task, job.language, job.prompt, job.forget, job.temperature, job.threads});
    if (fails_at == asked.size()) return fail(Errc::internal, "it broke");
    while (stuck) {
      if (job.give_up()) return fail(Errc::cancelled, "given up");
    }
    WindowHeard heard{.segments = {}, .language = job.language.empty() ? "fr" : job.language};
    Heard h;
    h.end = static_cast<double>(job.samples.size()) / kSampleRate;
    h.avg_logprob = -0.25;
    for (int i = 0; i < h.end; ++i) h.tokens.push_back({" w" + std::to_string(word++), i + 0.1, i + 0.9, 0.75});
    heard.segments.push_back(h);
    return heard;
  }

  bool tells = true;
  bool stuck = false;        // until it is told to give up
  std::size_t fails_at = 0;  // the how-manieth window of a recording
  int recordings = 0;
  int word = 0;
  std::vector<Asked> asked;
};

}  // namespace hearth::whisper::testing
