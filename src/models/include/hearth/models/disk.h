// What the store does to the disk, operation by operation, so that tests can fail or stop at each of them.
//
// Every effect of the store goes through here; the order of the calls is what makes a power cut harmless.
#pragma once

#include <hearth/core/error.h>
#include <hearth/core/file.h>

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace hearth::models {

class Disk {
 public:
  Disk() = default;
  virtual ~Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  // Each fails with io_error, or resource_exhausted when the disk is full, and a sentence that names the path.
  virtual Result<Fd> open(const std::filesystem::path& path, int flags, unsigned mode);
  virtual Result<void> write_at(int fd, std::uint64_t offset, std::string_view data);
  virtual Result<void> sync(int fd);
  virtual Result<void> sync_folder(const std::filesystem::path& path);
  // Reserves the space, so that a full disk is found now and not after hours. No effect where the file system cannot.
  virtual Result<void> allocate(int fd, std::uint64_t bytes);
  virtual Result<void> truncate(int fd, std::uint64_t bytes);
  virtual Result<void> make_folder(const std::filesystem::path& path);
  virtual Result<void> link(const std::filesystem::path& from, const std::filesystem::path& to);
  virtual Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to);
  // Both must be there; each takes the other's place in one step.
  virtual Result<void> exchange(const std::filesystem::path& a, const std::filesystem::path& b);
  // A file, or a folder with all that is in it. Nothing there: no error.
  virtual Result<void> remove(const std::filesystem::path& path);
  virtual Result<std::uint64_t> free_bytes(const std::filesystem::path& path);

  // A small file that is there whole or not at all, made of the operations above.
  Result<void> write_file(const std::filesystem::path& path, std::string_view content, unsigned mode = 0644);
};

}  // namespace hearth::models
