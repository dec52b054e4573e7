// Tells a long computation that nobody waits for it any more.
#pragma once

#include <hearth/core/clock.h>

#include <functional>
#include <utility>

namespace hearth::media {

// Belongs to one request's thread. Asking is cheap: the connection is looked at once in 20 ms.
class Watch {
 public:
  explicit Watch(std::function<bool()> abandoned) : abandoned_(std::move(abandoned)) {}
  bool should_stop() {
    if (stopped_) return true;
    const SteadyTime now = steady_now();
    if (now < next_) return false;
    next_ = now + Millis(20);
    stopped_ = abandoned_();
    return stopped_;
  }

 private:
  std::function<bool()> abandoned_;
  SteadyTime next_{};
  bool stopped_ = false;
};

}  // namespace hearth::media
