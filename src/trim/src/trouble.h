// Which lines tell that something went wrong: these are never left out.
#pragma once

#include <string_view>

namespace hearth::trim {

bool tells_trouble(std::string_view line);

}  // namespace hearth::trim
