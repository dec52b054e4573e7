// A request that goes to whoever is planned to answer it with only the model's name replaced, and the answer's way
// back: as it is, byte for byte, where the client speaks the same dialect, or through a Relay that translates it.
#pragma once

#include "dispatch.h"

#include <hearth/dialects/chat.h>

#include <functional>
#include <memory>
#include <string>

namespace hearth::gateway {

// What an upstream answers, on its way to the client. Belongs to one attempt.
class Relay {
 public:
  virtual ~Relay() = default;
  // The media type of a stream to the client.
  [[nodiscard]] virtual std::string_view stream_type() const { return "text/event-stream"; }
  // A part of a stream; what is returned is valid until the next call, and may be empty. protocol_error, unavailable.
  virtual Result<std::string_view> part(std::string_view bytes) = 0;
  // The stream's bytes have ended. unavailable if the answer had not.
  virtual Result<void> end() = 0;
  // A whole answer. protocol_error.
  virtual Result<std::string> whole(std::string body) = 0;
  // What it says it took, once it has ended.
  [[nodiscard]] virtual dialects::Usage usage() const = 0;
};
// `call` outlives the relay; its model is chosen.
using MakeRelay = std::function<std::unique_ptr<Relay>(const Call& call)>;
std::unique_ptr<Relay> pass_through(const Call& call);
template <typename R>
std::unique_ptr<Relay> make_relay(const Call& call) {
  return std::make_unique<R>(call);
}

// For answers that never are streams.
class WholeRelay : public Relay {
 public:
  Result<std::string_view> part(std::string_view) override {
    return fail(Errc::protocol_error, "the engine answers with a stream where it should not");
  }
  Result<void> end() override { return {}; }
};

// Plans, sends, passes the answer on, and notes the tokens it says it took. A stream that breaks when the client has
// got a part of it ends with an error event.
net::awaitable<void> forward(Call& call, const dialects::JsonBody& body, const dialects::ForwardHead& head, Task task,
                             std::string target, MakeRelay relay = pass_through);

}  // namespace hearth::gateway
