// "1-3,7" as people count pages.
#pragma once

#include <hearth/core/error.h>

#include <string_view>
#include <vector>

namespace hearth::tool {

// Pages counted from 1 become indexes from 0, in the order given. invalid_argument; at most 10000 of them.
Result<std::vector<int>> parse_page_range(std::string_view text);

}  // namespace hearth::tool
