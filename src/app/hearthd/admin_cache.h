// The admin API's part about the cache (docs/admin-api.md): how much is in it, what it saved, and forgetting it.
#pragma once

#include "answers.h"

#include <hearth/net/server.h>

namespace hearth::daemon {

// GET /admin/cache.
net::awaitable<void> show_cache(net::Exchange& exchange, const Answers& answers);
// DELETE /admin/cache. `io`: the I/O thread's.
net::awaitable<void> clear_cache(net::Exchange& exchange, Answers& answers, net::Executor io);

}  // namespace hearth::daemon
