// How hard a process tree works, and how short of memory the machine is. Reads /proc and /sys; any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace hearth::hardware {

// What a process has done since its start.
struct Work {
  std::uint64_t cpu_ticks = 0;     // of sysconf(_SC_CLK_TCK) a second, user and system
  std::uint64_t major_faults = 0;  // pages that came from the disk
};
// /proc/PID/stat's text; nullopt when it is not such a line.
std::optional<Work> parse_work(std::string_view text);
// A thread's schedstat's text: nanoseconds in which it could have run and had no processor.
std::optional<std::uint64_t> parse_waited(std::string_view text);
struct TreeWork {
  double cpu_seconds = 0;
  double waited_seconds = 0;  // of all threads that are there, for a processor
  std::uint64_t major_faults = 0;
};
// The process and all below it. Zeroes when it is gone.
TreeWork tree_work(pid_t root);

// PSI: percent of the last ten seconds in which some task, or all of them, waited.
struct Stall {
  double some = 0;
  double full = 0;
};
// /proc/pressure/memory's text; nullopt when it is not such a file.
std::optional<Stall> parse_pressure(std::string_view text);

// Bytes this process and its children may use: what the machine has, or the limit of its cgroup if that is less. 0 when
// it cannot be told.
std::uint64_t usable_memory();
// memory.max's text ("536870912", "max"); nullopt: no limit.
std::optional<std::uint64_t> parse_memory_max(std::string_view text);

}  // namespace hearth::hardware
