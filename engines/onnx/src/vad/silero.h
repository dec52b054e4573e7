// Silero VAD, versions 5 and 6: how likely there is speech in each 32 ms of sound at 16 kHz.
#pragma once

#include "../common/model.h"

#include <hearth/core/error.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace hearth::onnx {

inline constexpr std::size_t kVadRate = 16'000;
inline constexpr std::size_t kVadWindow = 512;  // samples for each probability
inline constexpr std::size_t kVadContext = 64;  // samples before them that the model sees again

class Silero {
 public:
  // unsupported when the model's inputs are others (versions before 5 keep their state in two).
  static Result<std::unique_ptr<Silero>> create(std::unique_ptr<Model> model);

  // One recording, from its start on. One thread; the Silero must outlive it.
  class Stream {
   public:
    explicit Stream(const Silero& owner);
    // Takes samples and appends a probability for each window that is complete. As Model::run; corrupt.
    Result<void> push(std::span<const std::int16_t> samples, std::vector<float>& probabilities);
    // The last window, filled up with silence; nothing when none is begun.
    Result<void> finish(std::vector<float>& probabilities);

   private:
    Result<void> step(std::vector<float>& probabilities);
    const Silero* owner_;
    std::vector<float> state_;
    std::array<float, kVadContext + kVadWindow> input_{};  // the context, then the window
    std::size_t filled_ = 0;                               // of the window
  };

 private:
  friend class Stream;
  Silero() = default;
  std::unique_ptr<Model> model_;
  std::size_t input_ = 0;
  std::size_t state_ = 0;
  std::size_t rate_ = 0;
  std::size_t output_ = 0;
  std::size_t next_state_ = 0;
};

}  // namespace hearth::onnx
