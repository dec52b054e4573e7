// A request that goes to whoever is planned to answer it with only the model's name replaced, and the answer's way
// back: as it is, byte for byte, where the client speaks the same dialect, or through a Relay that translates it.
#pragma once

#include "dispatch.h"
#include "relay.h"

#include <hearth/dialects/chat.h>

#include <string>

namespace hearth::gateway {

// A request as its client wrote it in Anthropic's dialect, for those who speak it, too.
struct InAnthropic {
  const dialects::JsonBody& body;
  dialects::Span model_at;
  std::string target;
};

// Plans, sends, passes the answer on, and notes the tokens it says it took. A stream that breaks when the client has
// got a part of it ends with an error event. `own`: if the client speaks Anthropic's dialect.
net::awaitable<void> forward(Call& call, const dialects::JsonBody& body, const dialects::ForwardHead& head, Task task,
                             std::string target, MakeRelay relay = pass_through, const InAnthropic* own = nullptr);

}  // namespace hearth::gateway
