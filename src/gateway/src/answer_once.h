// Not paying twice: a call that was answered before is answered from what is kept, one that is under way is followed,
// and one that carries an Idempotency-Key is sent at most once (docs/caching.md).
#pragma once

#include "call.h"

#include <functional>

namespace hearth::gateway {

// Answers `call`: by ask(), which asks upstream and answers through call.exchange, or without it. `first`: who would be
// asked first. `body`: as for judge(); nullptr where there is none. call.asked says what is asked; without it, ask() is
// all that happens.
using AskUpstream = std::move_only_function<net::awaitable<void>()>;
net::awaitable<void> answer_once(Call& call, Candidate first, const dialects::JsonBody* body, AskUpstream ask);

// What is asked, as far as it matters whether it was asked before.
answers::Shape shape_of(const Call& call);

// Before the first byte leaves the box: of a call with an Idempotency-Key that is written down first. What it fails
// with is what the client is told, and nothing may be sent then. An engine of this box is not paid and may be asked
// again.
net::awaitable<Result<void>> before_sending(Call& call);

}  // namespace hearth::gateway
