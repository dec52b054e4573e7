// SHA-256 of files of any size, and what such a hash looks like.
#pragma once

#include <hearth/core/error.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace hearth {

// In hex. Blocks. not_found, io_error.
Result<std::string> sha256_file(const std::filesystem::path& file);
// 64 lower-case hexadecimal digits?
bool is_sha256(std::string_view text) noexcept;

}  // namespace hearth
