// What a call's data are: the highest of what its sender, its key and its content say.
#pragma once

#include "call.h"

#include <hearth/core/data_class.h>

namespace hearth::gateway {

inline constexpr std::string_view kClassHeader = "x-hearth-data-class";

// What the sender says of them; what nobody says anything of is of `policy.default_class`. invalid_value.
dialects::Decoded<DataClass> declared_class(const net::Headers& headers, const config::Policy& policy);
// Notes the class of the call's data in its decision. `body`: what would be sent. invalid_value.
net::awaitable<dialects::Decoded<>> judge(Call& call, const dialects::JsonBody& body);

}  // namespace hearth::gateway
