// Settings of the libraries and of the allocator that hold for the whole process.
#pragma once

#include <cstdint>

namespace hearth::media {

// Once, before the first request. No single allocation of FFmpeg's exceeds `max_allocation`.
void set_up_libraries(std::uint64_t max_allocation);

}  // namespace hearth::media
