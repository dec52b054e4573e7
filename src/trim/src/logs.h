// Lines of a log that say the same over and over.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth::trim {

// Of a run of lines that differ in times, numbers and ids only, alone or as a group of up to four lines, the first and
// the last remain, and how many there were. Lines without a time of day or date, lines that tell of trouble, and lines
// that are mostly numbers are never left out. nullopt: there is nothing to leave out.
std::optional<std::string> fold_logs(std::string_view text);

}  // namespace hearth::trim
