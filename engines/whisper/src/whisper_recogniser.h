// libwhisper as a recogniser: one loaded model for all requests, a state for each.
#pragma once

#include "recogniser.h"

#include <memory>
#include <string>

namespace hearth::whisper {

// A loaded model. Any thread may make recognisers of it; it must outlive them.
class WhisperModel {
 public:
  struct Files {
    std::string model;
    std::string vad;  // empty: none
  };
  // Both files were checked before (model_file.h). failed_precondition when libwhisper refuses one.
  static Result<std::unique_ptr<WhisperModel>> load(const Files& files);
  WhisperModel(const WhisperModel&) = delete;
  WhisperModel& operator=(const WhisperModel&) = delete;
  ~WhisperModel();

  // The model's languages, by libwhisper's own list.
  [[nodiscard]] ModelFacts facts(std::string id, int languages) const;
  // failed_precondition when there is no memory for it.
  Result<std::unique_ptr<Recogniser>> recogniser();

 private:
  struct Impl;
  explicit WhisperModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::whisper
