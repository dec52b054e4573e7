#include "published.h"

#include <hearth/hardware/memory.h>

namespace hearth::engines {

EngineStatus Published::read() {
  constexpr Millis kFresh{1'000};
  EngineStatus status;
  pid_t root = 0;
  bool stale = false;
  {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = steady_now();
    stale = root_ != memory_of_ || now - memory_read_ >= kFresh;
    if (stale) {
      memory_read_ = now;
      memory_of_ = root_;
    }
    root = root_;
    status = status_;
  }
  if (stale) {
    // Outside the lock: the I/O thread must not wait for /proc.
    status.memory = root != 0 ? hardware::tree_memory(root) : 0;
    const std::lock_guard lock(mutex_);
    status_.memory = status.memory;
  }
  if (root == 0) status.memory = 0;
  status.in_flight = in_flight.load(std::memory_order_relaxed);
  status.queued = queued.load(std::memory_order_relaxed);
  status.served = served.load(std::memory_order_relaxed);
  status.failed = failed.load(std::memory_order_relaxed);
  status.request_seconds = request_seconds.load(std::memory_order_relaxed);
  if (const double part = activity.load(std::memory_order_relaxed); part >= 0) status.activity = part;
  return status;
}

}  // namespace hearth::engines
