// A request with placeholders for what its upstream may not see, and the originals again in the answer.
#pragma once

#include "forward.h"

#include <hearth/privacy/redaction.h>

#include <memory>
#include <string>

namespace hearth::gateway {

// `body`, in OpenAI's dialect, as it may be sent to who may see `sees`. data_class_denied: it cannot be redacted, and
// so must not be sent.
net::awaitable<dialects::Decoded<privacy::Redacted>> redact(Call& call, std::string body, DataClass sees);

// Gives the answer of an upstream, in OpenAI's dialect, with the originals to `next`. `placeholders` outlives it.
std::unique_ptr<Relay> restoring(const privacy::Placeholders& placeholders, std::unique_ptr<Relay> next);
// The same of an answer in OpenAI's Responses API.
std::unique_ptr<Relay> restoring_response(const privacy::Placeholders& placeholders, std::unique_ptr<Relay> next);

}  // namespace hearth::gateway
