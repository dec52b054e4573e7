// Requests that are answered later: `Prefer: respond-async`.
#pragma once

#include "call.h"

namespace hearth::gateway {

// Does the client want it, and can it be? A form (multipart) cannot; the preference is then passed over, as RFC 7240
// allows, and the request is answered at once.
bool is_to_be_deferred(const Call& call);
// In place of the route's handler.
net::awaitable<void> defer(Call& call);
// /v1/deferred and below.
net::awaitable<void> handle_deferred(Call& call);

}  // namespace hearth::gateway
