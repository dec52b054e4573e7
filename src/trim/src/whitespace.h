// What a terminal would not show: escape sequences, lines that were overwritten, blanks at the ends of lines, more than
// one empty line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth::trim {

// Blanks before and within lines stay. nullopt: there is nothing to leave out.
std::optional<std::string> trim_whitespace(std::string_view text);

}  // namespace hearth::trim
