// What can answer a call: a local engine, a machine on the LAN, a provider. They differ only in what they cost, how far
// away they are and which data may go there.
//
// Implemented by app (the composition root plugs the engines in). Called on the I/O thread.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/data_class.h>
#include <hearth/core/error.h>
#include <hearth/net/client.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::gateway {

enum class UpstreamKind { engine, lan, provider };
enum class Speaks { openai, anthropic };

// What does not change while the daemon runs.
struct UpstreamFacts {
  UpstreamKind kind = UpstreamKind::engine;
  Speaks speaks = Speaks::openai;
  bool responses = false;              // it has OpenAI's Responses API, too
  DataClass sees = DataClass::secret;  // the highest class that may go there
  std::string destination;             // "api.openai.com:443"; empty: on this box
  std::string region;                  // where it computes and
  bool out_of_region = false;          // policy.regions lowered what may go there
  std::string retention;               // how long it keeps what it gets, in words; empty: not said
  std::uint64_t max_output = 0;        // tokens; of a request that does not say, where it wants it said
};

enum class Outcome {
  ok,         // it answered; an error about the input is an answer too
  limited,    // it answered that it is asked too much (429)
  refused,    // it does not take the box's own key (401, 403)
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
  // Completes the head of a request for /v1/…: the path as it is there, the host, the key.
  virtual void address(net::RequestHead& head) const { static_cast<void>(head); }
  // `rest`: how long it wants to be left alone, as it said.
  virtual void finish(Outcome outcome, std::optional<Millis> rest = std::nullopt) = 0;
};

class Upstream {
 public:
  virtual ~Upstream() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual const UpstreamFacts& facts() const = 0;
  // Why not to ask it now, in words: it rests after failures, the line is down. Empty: nothing speaks against it.
  [[nodiscard]] virtual std::string obstacle() const { return {}; }
  // It would answer without being started first.
  [[nodiscard]] virtual bool ready() const = 0;
  // Waits for a place. resource_exhausted (too many wait), unavailable (it failed and rests), failed_precondition (it
  // cannot run here), deadline_exceeded, cancelled.
  virtual net::awaitable<Result<std::unique_ptr<Lease>>> acquire(Deadline deadline) = 0;
  // When to come back after resource_exhausted or unavailable.
  [[nodiscard]] virtual Seconds retry_after() const = 0;
  // The daemon stops: connections that wait for a next call wait no more.
  virtual void close() {}
};

}  // namespace hearth::gateway
