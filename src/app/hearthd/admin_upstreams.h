// The admin API's part about who can be asked (docs/admin-api.md): where they are, what may go there, and how they did.
#pragma once

#include <hearth/gateway/catalogue.h>
#include <hearth/net/server.h>
#include <hearth/spend/prices.h>

namespace hearth::daemon {

// GET /admin/upstreams. `io`: the I/O thread's, where upstreams live.
net::awaitable<void> show_upstreams(net::Exchange& exchange, gateway::Models models, const spend::PriceBook& prices,
                                    net::Executor io);

}  // namespace hearth::daemon
