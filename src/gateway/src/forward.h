// A request that goes to whoever is planned to answer it with only the model's name replaced, and the answer's way
// back: as it is, byte for byte, where the client speaks the same dialect, or through a Relay that translates it.
#pragma once

#include "as_written.h"
#include "dispatch.h"
#include "relay.h"

#include <hearth/dialects/chat.h>

#include <string>

namespace hearth::gateway {

// Plans, sends, passes the answer on, and notes the tokens it says it took. A stream that breaks when the client has
// got a part of it ends with an error event. `own`: if the client wrote it in another dialect, that some may speak;
// `body` is read by all others, and is that one where nothing could be translated.
net::awaitable<void> forward(Call& call, const dialects::JsonBody& body, const dialects::ForwardHead& head, Task task,
                             std::string target, MakeRelay relay = pass_through, const AsWritten* own = nullptr);

}  // namespace hearth::gateway
