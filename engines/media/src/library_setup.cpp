#include "library_setup.h"

#include "av.h"
#include "log_bridge.h"

#include <malloc.h>

namespace hearth::media {

void set_up_libraries(std::uint64_t max_allocation) {
  constexpr int kMapped = 256 * 1024;
  av_max_alloc(max_allocation);
  bridge_library_logs();
  // Pictures go back to the system when they are done with, instead of staying in each thread's arena.
  ::mallopt(M_MMAP_THRESHOLD, kMapped);
  ::mallopt(M_ARENA_MAX, 4);
}

}  // namespace hearth::media
