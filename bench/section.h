// A part of a document that a program writes, between two comments that name it; the rest is somebody else's.
#pragma once

#include <hearth/core/error.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace hearth::bench {

// With its comments; empty when the document has none.
std::string section_of(std::string_view document, std::string_view name);
// Writes the section anew; where there is none yet, at the document's end. io_error.
Result<void> replace_section(const std::filesystem::path& document, std::string_view name, std::string_view text);

}  // namespace hearth::bench
