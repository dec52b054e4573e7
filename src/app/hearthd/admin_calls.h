// The admin API's part about calls (docs/admin-api.md): what was decided for them.
#pragma once

#include <hearth/gateway/call_log.h>
#include <hearth/net/server.h>

#include <string_view>

namespace hearth::daemon {

// GET /admin/calls: the last ones; `limit` of them.
net::awaitable<void> show_calls(net::Exchange& exchange, const gateway::CallLog& calls);
// GET /admin/calls/ID.
net::awaitable<void> show_call(net::Exchange& exchange, const gateway::CallLog& calls, std::string_view id);

}  // namespace hearth::daemon
