// The load of `make bench-gateway` that wrk does not make: exact latencies, requests at a fixed rate, streams whose
// deltas say when they were written, connections that only stand there. One thread, epoll; blocking calls.
#pragma once

#include "../samples.h"
#include "request.h"

#include <hearth/core/error.h>
#include <hearth/core/file.h>

#include <chrono>
#include <vector>

namespace hearth::bench {

struct Answered {
  Samples seconds;         // of each answer that was 2xx
  std::size_t failed = 0;  // not 2xx, or broken off, or not there when the patience was over
  double elapsed = 0;
  [[nodiscard]] double rate() const { return elapsed > 0 ? static_cast<double>(seconds.size()) / elapsed : 0; }
};

// Each connection sends its next request when the last was answered. `warm_up` is not counted.
// unavailable when nothing listens there (as of the others).
Result<Answered> closed_loop(const Target& target, Request request, std::size_t connections,
                             std::chrono::nanoseconds warm_up, std::chrono::nanoseconds measured);

// `rate` requests a second, evenly, whatever becomes of them. Each one's time counts from when it was due, so that
// waiting for a free connection is in it.
Result<Answered> open_loop(const Target& target, Request request, double rate, std::size_t connections,
                           std::chrono::nanoseconds warm_up, std::chrono::nanoseconds measured);

struct Streamed {
  Samples first_byte;  // from sending the request to the first byte of the answer's body
  Samples late;        // of each delta: from when it was written to when it was read
  std::size_t complete = 0;
  std::size_t broken = 0;  // with a delta missing, without the end, or refused
};
// So many streams at once, `each` of them one after the other on each connection; their deltas do not come in step.
Result<Streamed> streams(const Target& target, Paced paced, std::size_t connections, std::size_t each);

// Connections that were each used once and stay open as long as the result lives.
Result<std::vector<Fd>> idle_connections(const Target& target, Request request, std::size_t count);

}  // namespace hearth::bench
