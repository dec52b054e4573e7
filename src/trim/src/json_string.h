// The text of a JSON string, as it stands in a body.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth::trim {

// `token`: with its quotes. nullopt: an escape is none, or half a surrogate pair, which no other text can say again.
std::optional<std::string> decode_string(std::string_view token);
// With quotes.
std::string encode_string(std::string_view text);

}  // namespace hearth::trim
