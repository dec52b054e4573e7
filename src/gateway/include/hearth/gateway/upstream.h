// What can answer a call. A local engine now; another box, a server on the LAN and a provider differ only in what they
// cost, how far away they are and which data may go there.
//
// Implemented by app (the composition root plugs the engines in). Called on the I/O thread.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/net/client.h>

#include <memory>
#include <string>
#include <string_view>

namespace hearth::gateway {

enum class Outcome {
  ok,         // it answered; an error about the input is an answer too
  error,      // it answered 5xx
  exhausted,  // it answered that its memory does not suffice
  failed,     // it broke the connection or the protocol, or answered what cannot be read
  timed_out,  // no answer by the deadline
  cancelled,  // the client left
};

// A place at an upstream for one request. When it goes without finish(), that counts as cancelled.
class Lease {
 public:
  virtual ~Lease() = default;
  [[nodiscard]] virtual net::HttpClient& client() = 0;
  [[nodiscard]] virtual Deadline deadline() const = 0;
  virtual void finish(Outcome outcome) = 0;
};

class Upstream {
 public:
  virtual ~Upstream() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  // It would answer without being started first.
  [[nodiscard]] virtual bool ready() const = 0;
  // Waits for a place. resource_exhausted (too many wait), unavailable (it failed and rests), failed_precondition (it
  // cannot run here), deadline_exceeded, cancelled.
  virtual net::awaitable<Result<std::unique_ptr<Lease>>> acquire(Deadline deadline) = 0;
  // When to come back after resource_exhausted or unavailable.
  [[nodiscard]] virtual Seconds retry_after() const = 0;
};

}  // namespace hearth::gateway
