// The admin API's part about money (docs/admin-api.md).
#pragma once

#include <hearth/net/server.h>
#include <hearth/spend/budgets.h>

namespace hearth::daemon {

// GET /admin/spend?since=2026-11-01&by=model: what calls took.
net::awaitable<void> show_spend(net::Exchange& exchange, spend::Budgets& budgets);
// GET /admin/budgets: what is left.
net::awaitable<void> show_budgets(net::Exchange& exchange, spend::Budgets& budgets);

}  // namespace hearth::daemon
