#include "pool.h"

#include <algorithm>
#include <chrono>

namespace hearth::ocr {
namespace {

constexpr std::chrono::milliseconds kAskAgain{100};  // how often a waiting request asks whether it is still wanted

}  // namespace

Pool::Lease::~Lease() {
  if (recogniser_) pool_->give_back(std::move(recogniser_));
}

Result<Pool::Lease> Pool::take(const std::string& languages, const Interrupt& interrupt) {
  std::unique_lock lock(mutex_);
  while (!freed_.wait_for(lock, kAskAgain, [&] { return leased_ < slots_; })) {
    HEARTH_TRY(interrupt());
  }
  ++leased_;
  if (idle_.empty()) return Lease(*this, std::make_unique<Recogniser>(tessdata_));
  auto it = std::ranges::find_if(idle_, [&](const auto& r) { return r->has(languages); });
  if (it == idle_.end()) it = idle_.begin();
  std::unique_ptr<Recogniser> recogniser = std::move(*it);
  idle_.erase(it);
  return Lease(*this, std::move(recogniser));
}

void Pool::give_back(std::unique_ptr<Recogniser> recogniser) {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(recogniser));
    --leased_;
  }
  freed_.notify_one();
}

}  // namespace hearth::ocr
