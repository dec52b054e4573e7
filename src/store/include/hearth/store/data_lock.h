// One hearthd per data folder: a lock that the kernel releases when the process ends, however it ends.
#pragma once

#include <hearth/core/error.h>
#include <hearth/core/file.h>

#include <filesystem>

namespace hearth::store {

// Held as long as the object lives. A process that was forked without exec holds it too: fork helpers before.
class DataLock {
 public:
  // Creates the folder (mode 0700) if it is missing and takes the lock. failed_precondition: another process has it
  // (the sentence names it), or the folder cannot be written; io_error.
  static Result<DataLock> acquire(const std::filesystem::path& folder);

 private:
  explicit DataLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace hearth::store
