#include "memory_budget.h"

#include "errors.h"

#include <hearth/core/units.h>

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>

namespace hearth::media {

Result<MemoryBudget::Lease> MemoryBudget::take(std::uint64_t bytes, Watch& watch) {
  if (bytes > total_)
    return fail(MediaErrc::image_too_large,
                fmt::format("decoding this takes {}, and the engine may use {} for pixels: send a smaller image",
                            format_bytes(bytes), format_bytes(total_)));
  std::unique_lock lock(mutex_);
  while (free_ < bytes) {
    if (watch.should_stop()) return fail(Errc::cancelled, "the client left");
    changed_.wait_for(lock, Millis(50));
  }
  free_ -= bytes;
  return Lease(this, bytes);
}

void MemoryBudget::give_back(std::uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    free_ += bytes;
  }
  changed_.notify_all();
}

std::uint64_t pixel_memory() {
  constexpr std::uint64_t kUnlimited = 2ULL << 30;
  rlimit data{};
  if (::getrlimit(RLIMIT_DATA, &data) != 0 || data.rlim_cur == RLIM_INFINITY) return kUnlimited;
  // A third is left to the libraries' own tables, the code's data and the threads' stacks.
  return std::min<std::uint64_t>(kUnlimited, data.rlim_cur / 3 * 2);
}

}  // namespace hearth::media
