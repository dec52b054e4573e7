// One place decides what the shell sees.
#pragma once

#include <hearth/core/error.h>

namespace hearth::tool {

enum class ExitCode : int {
  ok = 0,
  failed = 1,         // it was tried and went wrong; the sentence on stderr says why
  usage = 2,          // the command line is wrong
  not_reachable = 3,  // nothing listens, or it went away midway
  not_allowed = 4,    // no key, a wrong key, or somebody else's socket
  bad_input = 5,      // the file or text is at fault: the same input will fail again
  busy = 6,           // the box can't just now: the same call can succeed later
  tampered = 7,       // hearth egress verify: the ledger is not what was written
  interrupted = 130,  // Ctrl-C
  broken_pipe = 141,  // who read our output has gone
};

// Never ok.
ExitCode exit_code(const Error& error) noexcept;

// An Error whose code is this ends the program without a word.
std::error_code broken_pipe_code() noexcept;

}  // namespace hearth::tool
