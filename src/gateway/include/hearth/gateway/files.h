// Files from outside: bodies too large for memory while a request lasts, and uploads that a later request names by id.
//
// A Spooled body lives in memory up to `limits.memory_body`, else in an unlinked file. Stored uploads lie in
// <data>/files, each with its description beside it, for a day or as long as the client asked. Blocking work runs on
// the pool.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/file.h>
#include <hearth/dialects/files.h>
#include <hearth/net/runtime.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hearth::gateway {

// How much of the disk spooled bytes may take, all requests together; or how much memory JSON bodies may.
class SpoolBudget {
 public:
  explicit SpoolBudget(std::uint64_t limit) : limit_(limit) {}
  [[nodiscard]] bool take(std::uint64_t bytes) noexcept;
  void give(std::uint64_t bytes) noexcept { used_ -= bytes; }
  [[nodiscard]] std::uint64_t used() const noexcept { return used_; }

 private:
  std::uint64_t limit_;
  std::atomic<std::uint64_t> used_{0};
};

// A part of a budget, given back when it goes.
class Charge {
 public:
  Charge() = default;
  ~Charge() { reset(0); }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  // False if there is not so much left. Once only.
  [[nodiscard]] bool take(SpoolBudget& budget, std::uint64_t bytes) noexcept {
    if (!budget.take(bytes)) return false;
    budget_ = &budget;
    bytes_ = bytes;
    return true;
  }
  // Keeps only so much of it.
  void reset(std::uint64_t bytes) noexcept {
    if (budget_ == nullptr || bytes >= bytes_) return;
    budget_->give(bytes_ - bytes);
    bytes_ = bytes;
  }

 private:
  SpoolBudget* budget_ = nullptr;
  std::uint64_t bytes_ = 0;
};

// One file's bytes. Movable; gives its room back when it goes.
class Spooled {
 public:
  Spooled(std::filesystem::path folder, std::uint64_t memory_limit, SpoolBudget* budget);
  ~Spooled();
  Spooled(Spooled&& other) noexcept;
  Spooled& operator=(Spooled&& other) noexcept;
  // A stored upload, opened for reading.
  static Spooled adopt(Fd file, std::uint64_t size);

  // True if append() may touch the disk: run it on the pool.
  [[nodiscard]] bool would_block(std::size_t more) const noexcept;
  // io_error (a full disk says so), resource_exhausted (the spool is full).
  Result<void> append(std::string_view bytes);
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] bool in_memory() const noexcept { return !file_; }
  [[nodiscard]] const std::string& memory() const noexcept { return memory_; }
  // Blocking when it is not in memory. Fewer bytes only at the end. io_error.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> into) const;

 private:
  std::filesystem::path folder_;
  std::uint64_t memory_limit_ = 0;
  SpoolBudget* budget_ = nullptr;
  std::uint64_t charged_ = 0;
  std::uint64_t size_ = 0;
  std::string memory_;
  Fd file_;
};

// Uploads by id. Its functions block: call them on the pool. Thread-safe.
class FileStore {
 public:
  struct Entry {
    dialects::FileObject file;
    std::string owner;  // principal id
  };
  // Reads what earlier uploads left; files past their time are removed. io_error.
  static Result<std::unique_ptr<FileStore>> open(std::filesystem::path folder, std::uint64_t quota);

  // Keeps `content` durably and returns its description. resource_exhausted (quota), io_error.
  Result<dialects::FileObject> add(const Spooled& content, std::string filename, std::string media_type,
                                   std::string purpose, std::string owner, std::int64_t lifetime_seconds);
  // not_found also for another owner's file. `owner` "owner" sees all.
  Result<dialects::FileObject> describe(const std::string& id, std::string_view owner) const;
  Result<Spooled> read(const std::string& id, std::string_view owner) const;
  Result<void> remove(const std::string& id, std::string_view owner);
  [[nodiscard]] std::vector<dialects::FileObject> list(std::string_view owner) const;
  void remove_expired();

 private:
  FileStore(std::filesystem::path folder, std::uint64_t quota);
  Result<Entry> find(const std::string& id, std::string_view owner) const;

  std::filesystem::path folder_;
  std::uint64_t quota_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::uint64_t bytes_ = 0;
};

}  // namespace hearth::gateway
