// About how many tokens a text is.
#pragma once

#include <cstdint>
#include <string_view>

namespace hearth::trim {

// As the tokenizers of large models cut it, without their vocabularies: docs/quality.md says how far off it is. Linear.
std::uint64_t estimated_tokens(std::string_view text) noexcept;

}  // namespace hearth::trim
