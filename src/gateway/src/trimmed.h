// A chat on its way to a provider without what costs tokens and says nothing (docs/trimming.md), and what that brings.
#pragma once

#include "outgoing.h"

#include <hearth/config/config.h>
#include <hearth/dialects/chat.h>
#include <hearth/trim/steps.h>

namespace hearth::gateway {

trim::Steps steps_of(const config::Config& config);

// `out` as it is to be sent, noted in the call's decision. It stays as it is where the candidate is an engine of this
// box, where the client or the configuration wants it so, and where trimming would bring to light what the candidate
// may not see.
net::awaitable<void> leave_out(Call& call, const Request& request, const Candidate& candidate, Outgoing& out);

// The answer has come, and said what it took.
void note_savings(Call& call, const Candidate& candidate, const dialects::Usage& usage);

// For `hearth explain call`.
CallStory::Trimmed trimmed_story(const Call& call);

}  // namespace hearth::gateway
