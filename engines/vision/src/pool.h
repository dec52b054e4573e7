// Detectors for as many requests as may be worked on at once, made when needed and kept.
#pragma once

#include "detector.h"

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

namespace hearth::vision {

class Pool {
 public:
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Detector> detector) : pool_(&pool), detector_(std::move(detector)) {}
    ~Lease();
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    Detector& operator*() const { return *detector_; }

   private:
    Pool* pool_;
    std::unique_ptr<Detector> detector_;
  };

  Pool(std::filesystem::path data, int slots) : data_(std::move(data)), slots_(slots) {}

  // Waits for a free slot; whatever `interrupt` returns while waiting, and failed_precondition. Any thread.
  Result<Lease> take(const std::function<Result<void>()>& interrupt);

 private:
  void give_back(std::unique_ptr<Detector> detector);

  std::filesystem::path data_;
  int slots_;
  std::mutex mutex_;
  std::condition_variable freed_;
  int leased_ = 0;
  std::vector<std::unique_ptr<Detector>> idle_;
};

}  // namespace hearth::vision
