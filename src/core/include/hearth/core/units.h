// Sizes and durations as people write them in hearth.yaml and read them on a terminal.
#pragma once

#include <hearth/core/error.h>

#include <chrono>
#include <cstdint>

namespace hearth {

// "200 MB", "64MiB", "1.5 GiB", "4096". Powers of ten for kB/MB/GB, of two for KiB/MiB/GiB. invalid_argument otherwise.
Result<std::uint64_t> parse_bytes(std::string_view text);
// "36.1 MiB"
std::string format_bytes(std::uint64_t bytes);
// "250ms", "10s", "5 min", "2h", "1d"; a bare number is seconds. invalid_argument otherwise.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
// "250 ms", "1.24 s", "3 min 20 s", "2 h 05 min"
std::string format_duration(std::chrono::duration<double> d);

}  // namespace hearth
