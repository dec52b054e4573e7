// Base64 as RFC 4648 has it, with padding.
#pragma once

#include <hearth/core/error.h>

#include <string>
#include <string_view>

namespace hearth::tool {

std::string encode_base64(std::string_view bytes);
// Padding may be missing. protocol_error.
Result<std::string> decode_base64(std::string_view text);

}  // namespace hearth::tool
