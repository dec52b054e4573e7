// The gate for coroutines.
#pragma once

#include <hearth/egress/gate.h>
#include <hearth/net/runtime.h>

namespace hearth::egress {

// A connection through the gate, on the calling coroutine's executor. Errors as Gate::open; a coroutine that is
// cancelled gets `cancelled` at once, and what is opened for it later is closed. `gate` outlives the call.
net::awaitable<Result<Opened>> connect(Gate* gate, Destination to, Deadline deadline);

}  // namespace hearth::egress
