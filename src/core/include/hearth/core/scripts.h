// Which scripts put spaces between words. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace hearth {

// Chinese, Japanese, Thai, Lao, Burmese, Khmer and their punctuation: no space between words or sentences. Korean has
// them.
bool writes_without_spaces(char32_t c) noexcept;

// Does a space belong between a text that ends with `before` and one that begins with `after`? Not at either end of
// nothing, and not between two of the scripts above. Both are UTF-8; what is not counts as a letter of the other
// scripts.
bool wants_space(std::string_view before, std::string_view after) noexcept;

// The character that well-formed UTF-8 text begins with; 0 for an empty or malformed one.
char32_t first_character(std::string_view text) noexcept;
// … and the one it ends with.
char32_t last_character(std::string_view text) noexcept;

}  // namespace hearth
