// Requests a second, as counted by wrk: a load generator that nobody here wrote.
#pragma once

#include "request.h"

#include <hearth/core/error.h>

#include <chrono>
#include <filesystem>

namespace hearth::bench {

struct Counted {
  double rate = 0;  // requests a second
  double requests = 0;
  double failed = 0;  // not 2xx, or a connection that broke
};
// What wrk writes; protocol_error when it is something else.
Result<Counted> parse_wrk(std::string_view text);
// A closed loop on one thread that runs on `core`. failed_precondition: wrk is not installed.
Result<Counted> run_wrk(const Target& target, const Request& request, std::size_t connections,
                        std::chrono::seconds duration, int core, const std::filesystem::path& folder);

}  // namespace hearth::bench
