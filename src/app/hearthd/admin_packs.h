// The admin API's part about engine packs (docs/admin-api.md).
#pragma once

#include "packs.h"

#include <hearth/net/server.h>

#include <string_view>

namespace hearth::daemon {

// GET /admin/packs: what is installed and what can be.
net::awaitable<void> show_packs(net::Exchange& exchange, const PackManager& packs, net::BlockingPool& pool);
// POST /admin/packs/NAME/install and /rollback: `rest` is "NAME/VERB". The answer is a stream of events, the last of
// which is the outcome; when the client goes away before that, the work is given up.
net::awaitable<void> change_pack(net::Exchange& exchange, PackManager& packs, std::string_view rest);

}  // namespace hearth::daemon
