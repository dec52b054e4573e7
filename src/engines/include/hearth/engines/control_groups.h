// Control groups (cgroup v2): what the kernel itself holds all processes of an engine to, together.
//
// Where the service manager has delegated its group to the daemon (systemd's Delegate=), each life of an engine has a
// group of its own. Elsewhere there are none, and the limits of each process (ResourceLimits) are all there is.
#pragma once

#include <hearth/core/error.h>
#include <hearth/core/file.h>
#include <hearth/engines/sandbox.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::engines {

struct GroupLimits {
  std::uint64_t memory_max = 0;   // bytes: past it the kernel ends the group, all of it
  std::uint64_t memory_high = 0;  // bytes: past it cached file pages go and the group is slowed
  std::uint64_t processes = 0;    // and threads
  int nice = 0;                   // its share of the processors, against the daemon's
};
// Generous, for what it holds back is a fault: four times the reservation and at least 512 MiB more, but no more than
// `limits.data` (or the reservation, when a person has set that lower), and 128 MiB for what counts here only: files in
// memory, bubblewrap. Pure.
GroupLimits group_limits(std::uint64_t reservation, const ResourceLimits& limits) noexcept;

// How often what has happened in a group.
struct MemoryEvents {
  std::uint64_t at_limit = 0;  // it needed more than memory.max
  std::uint64_t killed = 0;    // processes the kernel ended for want of memory
};
// memory.events' text; nullopt when it is not such a file. Pure.
std::optional<MemoryEvents> parse_memory_events(std::string_view text);
// "ran into its memory limit of 640.0 MiB and was …"; empty: nothing was ended for want of memory. Pure.
std::string explain_memory_end(const MemoryEvents& events, std::uint64_t memory_max);

// Of /proc/self/cgroup's text, the group in the unified hierarchy, as a path below its mount; nullopt: there is none,
// or it is the root. Pure.
std::optional<std::string> parse_own_group(std::string_view text);

// Takes over the delegated group of this process: moves all its processes into a group "daemon" below it, for one with
// processes of its own passes no limits on, and returns the folder in which create() makes engines' groups. Once, at
// start, before there is any child that matters. not_found: nothing is delegated, or without memory limits; io_error.
Result<std::filesystem::path> claim_control_groups(const std::filesystem::path& mount = "/sys/fs/cgroup",
                                                   const std::filesystem::path& own = "/proc/self/cgroup");

// The group of one life of one engine. Calls read and write files of the kernel, well under a millisecond each but for
// create() and end(); any thread, one at a time.
class ControlGroup {
 public:
  // Makes <parent>/NAME. io_error.
  static Result<ControlGroup> create(const std::filesystem::path& parent, const std::string& name,
                                     const GroupLimits& limits);
  // The group's folder, open: a child is started in it (spawn.h).
  [[nodiscard]] int fd() const noexcept { return folder_.get(); }
  [[nodiscard]] const GroupLimits& limits() const noexcept { return limits_; }
  // Zeroes when they cannot be read.
  [[nodiscard]] MemoryEvents events() const;
  // PSI: percent of the last ten seconds in which all its processes waited for memory; 0 where the kernel does not
  // tell.
  [[nodiscard]] double stalled() const;
  // Removes it, or kills what is left in it: unavailable, try again.
  [[nodiscard]] Result<void> end() const;

 private:
  ControlGroup(std::filesystem::path path, const GroupLimits& limits) : path_(std::move(path)), limits_(limits) {}
  std::filesystem::path path_;
  GroupLimits limits_;
  Fd folder_;
};

}  // namespace hearth::engines
