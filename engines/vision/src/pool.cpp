#include "pool.h"

#include <chrono>

namespace hearth::vision {
namespace {

constexpr std::chrono::milliseconds kAskAgain{100};  // how often a waiting request asks whether it is still wanted

}  // namespace

Pool::Lease::~Lease() {
  if (detector_) pool_->give_back(std::move(detector_));
}

Result<Pool::Lease> Pool::take(const std::function<Result<void>()>& interrupt) {
  {
    std::unique_lock lock(mutex_);
    while (!freed_.wait_for(lock, kAskAgain, [&] { return leased_ < slots_; })) {
      HEARTH_TRY(interrupt());
    }
    ++leased_;
    if (!idle_.empty()) {
      std::unique_ptr<Detector> detector = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(detector));
    }
  }
  auto made = Detector::create(data_);
  if (made) return Lease(*this, std::move(*made));
  give_back(nullptr);
  return std::unexpected(std::move(made).error());
}

void Pool::give_back(std::unique_ptr<Detector> detector) {
  {
    const std::lock_guard lock(mutex_);
    if (detector) idle_.push_back(std::move(detector));
    --leased_;
  }
  freed_.notify_one();
}

}  // namespace hearth::vision
