// A file mapped read-only and shared: every process that maps it uses the same pages.
#pragma once

#include <hearth/core/error.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <utility>

namespace hearth::embed {

// Owns the mapping; the bytes stay valid until it goes. Moving keeps them where they are.
class MappedFile {
 public:
  MappedFile() = default;
  // not_found, io_error, corrupt (empty), too_large past `limit` bytes.
  static Result<MappedFile> open(const std::filesystem::path& path, std::size_t limit);
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

}  // namespace hearth::embed
