// What a call's data are: the highest of what its sender, its key and its content say.
#pragma once

#include "call.h"

#include <hearth/core/data_class.h>

namespace hearth::gateway {

inline constexpr std::string_view kClassHeader = "x-hearth-data-class";

inline constexpr std::string_view kAgentHeader = "x-hearth-agent";

// Notes in the call's decision on which agent's behalf it is. invalid_value: one that hearth.yaml does not know, whose
// budgets and class nobody could say.
dialects::Decoded<> note_agent(Call& call);

// What the sender says of them; nullopt: nothing. invalid_value.
dialects::Decoded<std::optional<DataClass>> said_class(const net::Headers& headers);
// Notes in the call's decision what class its data are of, by which rule that is lower than what they hold, what class
// with placeholders, and what was found in them.
// `body`: what would be sent. invalid_value.
net::awaitable<dialects::Decoded<>> judge(Call& call, const dialects::JsonBody& body);

}  // namespace hearth::gateway
