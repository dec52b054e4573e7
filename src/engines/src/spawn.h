// fork and exec, done so that it is safe in a process with threads.
#pragma once

#include <hearth/core/error.h>
#include <hearth/core/file.h>
#include <hearth/engines/sandbox.h>

#include <sys/types.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hearth::engines {

struct Inherit {
  int ours = -1;    // a descriptor of this process
  int theirs = -1;  // its number in the child
};

struct ChildSpec {
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<Inherit> inherit;                         // everything else is closed; at most 8
  std::optional<ResourceLimits> limits = std::nullopt;  // but not on the number of processes:
  std::optional<std::uint64_t> processes = std::nullopt;
  int group = -1;  // a control group's folder: the child is in it from its first instruction of its own
};

struct Child {
  pid_t pid = 0;
  Fd pidfd;
};

// Blocks until the program runs (or could not be run), about a millisecond. The child dies with the calling thread
// (where there is a starter, starter.h, with the one that launched it), is the leader of a process group of its own,
// and has default signal handling. not_found, permission_denied, resource_exhausted, io_error.
Result<Child> spawn_child(const ChildSpec& spec);

// A pipe whose ends are closed on exec. io_error.
struct Pipe {
  Fd read;
  Fd write;
};
Result<Pipe> make_pipe();

// False in sanitizer builds: shadow memory is counted into RLIMIT_DATA.
bool memory_limit_works();

}  // namespace hearth::engines
