// A request whose upstream speaks the client's dialect: the body goes there with only the model's name replaced, and
// the answer comes back as it is, whole or as a stream, byte for byte.
#pragma once

#include "call.h"

#include <hearth/dialects/chat.h>

#include <string>

namespace hearth::gateway {

// Chooses the model, sends, passes the answer on, and notes the tokens it says it took. An attempt whose upstream broke
// before the client got anything is repeated once; a stream that breaks later ends with an error event.
net::awaitable<void> forward(Call& call, const dialects::JsonBody& body, const dialects::ForwardHead& head, Task task,
                             std::string target);

}  // namespace hearth::gateway
