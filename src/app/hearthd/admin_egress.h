// The admin API's part about the egress ledger (docs/admin-api.md).
#pragma once

#include <hearth/egress/ledger.h>
#include <hearth/net/server.h>

#include <filesystem>
#include <optional>

namespace hearth::daemon {

struct EgressContext {
  egress::Ledger* ledger = nullptr;  // null: `problem` says why
  std::optional<Error> problem;
  std::filesystem::path database;
};

// GET /admin/egress, GET /admin/egress/report, POST /admin/egress/checkpoint.
net::awaitable<void> answer_egress(net::Exchange& exchange, const EgressContext& c, net::BlockingPool& pool);

}  // namespace hearth::daemon
