// Pixels are what takes memory here, and their number is known before they are decoded: a request takes what it will
// need from one budget of the process, or waits for others to finish, so that parallel requests can't exhaust it.
#pragma once

#include "watch.h"

#include <hearth/core/error.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

namespace hearth::media {

class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t bytes) : total_(bytes), free_(bytes) {}

  // A part of the budget; given back when it goes.
  class Lease {
   public:
    Lease() = default;
    Lease(MemoryBudget* from, std::uint64_t bytes) : from_(from), bytes_(bytes) {}
    Lease(Lease&& other) noexcept : from_(std::exchange(other.from_, nullptr)), bytes_(other.bytes_) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(from_, other.from_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Lease() {
      if (from_ != nullptr) from_->give_back(bytes_);
    }

   private:
    MemoryBudget* from_ = nullptr;
    std::uint64_t bytes_ = 0;
  };

  // Any thread. image_too_large if it can never be had, cancelled if the client leaves while it waits. A request holds
  // one lease at a time, so that two can't wait for each other.
  Result<Lease> take(std::uint64_t bytes, Watch& watch);
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  void give_back(std::uint64_t bytes);

  const std::uint64_t total_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t free_;
};

// What pixels may take of this process's memory limit (RLIMIT_DATA).
std::uint64_t pixel_memory();

}  // namespace hearth::media
