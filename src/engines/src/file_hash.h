// SHA-256 of files of any size.
#pragma once

#include <hearth/core/error.h>

#include <filesystem>
#include <string>

namespace hearth::engines {

// In hex. Blocks. not_found, io_error.
Result<std::string> sha256_file(const std::filesystem::path& file);

}  // namespace hearth::engines
