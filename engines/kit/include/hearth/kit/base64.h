// Base64 with padding (RFC 4648, section 4), as JSON answers carry bytes.
#pragma once

#include <string>
#include <string_view>

namespace hearth::kit {

std::string base64(std::string_view bytes);

}  // namespace hearth::kit
