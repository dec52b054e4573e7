// The pass over one text.
#pragma once

#include "src/custom_patterns.h"

#include <hearth/privacy/finding.h>

#include <string_view>

namespace hearth::privacy {

// `custom`: null for none. `text` in UTF-8, as it is.
Scan scan_text(std::string_view text, std::string_view key, const CustomPatterns* custom);

}  // namespace hearth::privacy
