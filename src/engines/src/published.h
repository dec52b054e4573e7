// What other threads may know of an engine. Written by the I/O thread, read by whoever asks for a status.
#pragma once

#include <hearth/engines/supervisor.h>

#include <sys/types.h>

#include <atomic>
#include <mutex>

namespace hearth::engines {

class Published {
 public:
  // Changes with every request: no lock.
  std::atomic<std::uint32_t> in_flight{0};
  std::atomic<std::uint32_t> queued{0};
  std::atomic<std::uint64_t> served{0};
  std::atomic<std::uint64_t> failed{0};
  std::atomic<double> request_seconds{0};  // 0: not known yet
  std::atomic<double> activity{-1};        // negative: not known yet

  // Changes with the state. `root` is the process whose tree's memory counts; 0: none.
  template <typename Change>
  void update(Change change) {
    const std::lock_guard lock(mutex_);
    change(status_, root_);
  }
  // Any thread. Reads /proc when the figure for memory is older than a second.
  EngineStatus read();

 private:
  std::mutex mutex_;
  EngineStatus status_;
  pid_t root_ = 0;
  SteadyTime memory_read_;
  pid_t memory_of_ = 0;
};

}  // namespace hearth::engines
