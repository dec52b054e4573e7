// What the tasks' handlers share: a bounded number of requests at work, frames received and refused in one way.
#pragma once

#include "pixels.h"

#include <hearth/core/error.h>
#include <hearth/kit/engine.h>
#include <hearth/kit/frames.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

namespace hearth::onnx {

inline constexpr std::uint64_t kMostPixels = 40'000'000;

// Fails when the work is not wanted any more.
using Interrupt = std::function<Result<void>()>;
Interrupt interrupt_of(kit::Request& request);

// Places for as many requests as may be worked on at once, so that those who wait hold no pixels.
class Slots {
 public:
  explicit Slots(int count) : free_(count) {}

  class Lease {
   public:
    explicit Lease(Slots& slots) : slots_(&slots) {}
    ~Lease() {
      if (slots_ != nullptr) slots_->give_back();
    }
    Lease(Lease&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;

   private:
    Slots* slots_;
  };

  // Waits for a place; fails with what `interrupt` gives meanwhile. Any thread.
  Result<Lease> take(const Interrupt& interrupt);

 private:
  void give_back();
  std::mutex mutex_;
  std::condition_variable freed_;
  int free_;
};

// The frame of the body. nullopt: it was refused, and the answer is given.
std::optional<kit::Frame> receive_frame(kit::Request& request, kit::Response& response);
PictureView view_of(const kit::Frame& frame);

// Answers with what went wrong inside the model: 503 when its memory ran out, 500 with the reason otherwise.
void refuse_run(const Error& error, kit::Response& response);

}  // namespace hearth::onnx
