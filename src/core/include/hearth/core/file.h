// Files and descriptors. Blocking: not for the I/O thread, except at start.
#pragma once

#include <hearth/core/error.h>

#include <filesystem>
#include <utility>

namespace hearth {

// Owns a file descriptor; closes it when it goes.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept;

 private:
  int fd_ = -1;
};

// The whole file; too_large past `limit` bytes, not_found, io_error.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit);
// Writes beside, syncs, renames: the old content or the new, never half. io_error.
Result<void> write_file_atomic(const std::filesystem::path& path, std::string_view content, unsigned mode = 0644);
// Writes all of `data` to `fd`; io_error (a full disk says so).
Result<void> write_all(int fd, std::string_view data);
// An unlinked temporary file in `dir`, open for reading and writing. io_error.
Result<Fd> open_temporary(const std::filesystem::path& dir);

}  // namespace hearth
