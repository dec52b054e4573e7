// What the box has done by itself about things that went wrong: for whoever asks later.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/log.h>

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace hearth::daemon {

// Any thread. The newest are kept, until the daemon ends; all are in the log.
class HealingRecord {
 public:
  struct Step {
    WallTime at;
    std::string what;
  };
  void note(std::string what) {
    log::warn("healing", what);
    const std::lock_guard lock(mutex_);
    steps_.push_back({wall_now(), std::move(what)});
    if (steps_.size() > kKept) steps_.pop_front();
  }
  // Oldest first.
  [[nodiscard]] std::vector<Step> steps() const {
    const std::lock_guard lock(mutex_);
    return {steps_.begin(), steps_.end()};
  }

 private:
  static constexpr std::size_t kKept = 32;
  mutable std::mutex mutex_;
  std::deque<Step> steps_;
};

}  // namespace hearth::daemon
