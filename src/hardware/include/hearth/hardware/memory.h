// Memory: what the machine has, and what a process really uses. Reads /proc, each call well under a millisecond a
// process; any thread.
#pragma once

#include <hearth/core/error.h>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace hearth::hardware {

// All in bytes.
struct MachineMemory {
  std::uint64_t total = 0;
  std::uint64_t available = 0;  // what new work can use without swapping
};
// /proc/meminfo's text. corrupt when a field is missing.
Result<MachineMemory> parse_meminfo(std::string_view text);
// io_error, corrupt.
Result<MachineMemory> machine_memory();

// Proportional set size: private pages, and of each shared page the process's share. So the figures of several
// processes may be added.
// /proc/PID/smaps_rollup's text; nullopt when there is no Pss line.
std::optional<std::uint64_t> parse_pss(std::string_view text);
// 0 when the process is gone. Where the kernel refuses the PSS, the resident set.
std::uint64_t process_memory(pid_t pid);
std::uint64_t tree_memory(pid_t root);

// /proc/PID/stat's text → parent's id; nullopt when it is not such a line. The command's name may contain anything.
std::optional<pid_t> parse_parent(std::string_view text);
// The process and all below it, parents before children; empty when it is gone.
std::vector<pid_t> process_tree(pid_t root);

}  // namespace hearth::hardware
