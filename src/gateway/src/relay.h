// What an upstream answers, on its way to the client.
#pragma once

#include "call.h"

#include <hearth/dialects/chat.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace hearth::gateway {

// Belongs to one attempt.
class Relay {
 public:
  virtual ~Relay() = default;
  // The media type of a stream to the client.
  [[nodiscard]] virtual std::string_view stream_type() const { return "text/event-stream"; }
  // A part of a stream; what is returned is valid until the next call, and may be empty. protocol_error, unavailable.
  virtual Result<std::string_view> part(std::string_view bytes) = 0;
  // The stream's bytes have ended. unavailable if the answer had not.
  virtual Result<void> end() = 0;
  // A whole answer. `told`: what it says it took, if somebody has read that already. protocol_error, unavailable.
  virtual Result<std::string> whole(std::string body, const dialects::Usage* told) = 0;
  // What it says it took, once it has ended.
  [[nodiscard]] virtual dialects::Usage usage() const = 0;
  // The id under which whoever answered keeps the answer; empty: it has said none.
  [[nodiscard]] virtual std::string_view kept_as() const { return {}; }
};

// From OpenAI's dialect to the client's. `call` outlives the relay; its model is chosen.
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

// What a server elsewhere answers to a chat is checked before `next` gets to see it. `usage_wanted`: the client asked
// what a stream took.
std::unique_ptr<Relay> check_chat(std::unique_ptr<Relay> next, bool usage_wanted);
// From Anthropic's dialect to OpenAI's, which `next` takes.
std::unique_ptr<Relay> from_anthropic(std::unique_ptr<Relay> next, bool usage_wanted);
// Anthropic's dialect as it is, for its own clients.
std::unique_ptr<Relay> pass_message();
// What a server elsewhere answers in OpenAI's Responses API is checked before `next` gets to see it.
std::unique_ptr<Relay> check_response(std::unique_ptr<Relay> next);

}  // namespace hearth::gateway
