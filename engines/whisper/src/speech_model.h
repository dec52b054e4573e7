// Silero's model of speech, run by libwhisper.
#pragma once

#include "recogniser.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace hearth::whisper {

// What libwhisper says goes into our log; its computations may be loaded. Once, before anything else of it; any thread.
void prepare_libwhisper();

// Follows one recording at a time, on one thread at a time.
class SpeechModel {
 public:
  // `file` was checked before (model_file.h). failed_precondition when libwhisper refuses it.
  static Result<std::unique_ptr<SpeechModel>> load(const std::string& file);
  ~SpeechModel();
  SpeechModel(const SpeechModel&) = delete;
  SpeechModel& operator=(const SpeechModel&) = delete;
  // Another recording begins.
  void begin();
  // The probability of speech in each chunk of the recording's next samples, which are whole chunks. internal.
  Result<std::vector<float>> speech(std::span<const float> samples);

 private:
  struct Impl;
  explicit SpeechModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::whisper
