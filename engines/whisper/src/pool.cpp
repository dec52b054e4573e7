#include "pool.h"

#include <chrono>

namespace hearth::whisper {

Result<Pool::Lease> Pool::lend(const std::function<bool()>& give_up) {
  constexpr std::chrono::milliseconds kLook{200};
  std::unique_lock lock(mutex_);
  while (lent_ == size_) {
    if (returned_.wait_for(lock, kLook) == std::cv_status::timeout && give_up())
      return fail(Errc::cancelled, "nobody waits for the transcript");
  }
  ++lent_;
  if (!idle_.empty()) {
    Lease lease(*this, std::move(idle_.back()));
    idle_.pop_back();
    return lease;
  }
  lock.unlock();
  auto made = make_();
  if (made) return Lease(*this, std::move(*made));
  lock.lock();
  --lent_;
  returned_.notify_one();
  return std::unexpected(made.error());
}

std::size_t Pool::lent() const {
  const std::lock_guard lock(mutex_);
  return lent_;
}

void Pool::give_back(std::unique_ptr<Recogniser> recogniser) {
  const std::lock_guard lock(mutex_);
  --lent_;
  idle_.push_back(std::move(recogniser));
  returned_.notify_one();
}

}  // namespace hearth::whisper
