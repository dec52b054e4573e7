// Runs a program of the host's to its end and collects what it prints. Blocks the calling thread; the program dies with
// it.
#pragma once

#include "spawn.h"

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/engines/process.h>

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::engines {

struct Tool {
  std::vector<std::string> command;  // command[0] is an absolute path
  std::vector<std::pair<std::string, std::string>> environment;
  Millis time{300'000};  // then it is killed, with all that it started
  std::stop_token stop{};
  std::vector<Inherit> inherit{};                        // besides its input (empty), output and errors
  std::function<void(std::string_view)> on_status = {};  // lines that it writes to descriptor 3
  std::optional<ResourceLimits> limits = std::nullopt;
};
struct ToolResult {
  ExitStatus status;
  std::string output;  // at most 4 MiB of it
  std::string errors;  // the last 64 KiB
};
// Any end is a result. deadline_exceeded, cancelled, not_found (no such program), io_error.
Result<ToolResult> run_tool(const Tool& tool);

}  // namespace hearth::engines
