// The answers on the disk, in a SQLite file of their own: losing it costs money, not truth, so it does not wait for the
// disk (synchronous=NORMAL) and never makes the ledger wait. Blocking; belongs to one thread at a time.
#pragma once

#include <hearth/answers/answer.h>
#include <hearth/answers/digest.h>
#include <hearth/store/database.h>

#include <span>
#include <vector>

namespace hearth::answers {

class CacheFile {
 public:
  struct Limits {
    std::uint64_t bytes = 0;
    std::uint64_t entries = 0;
    Seconds lifetime{};
  };
  // Opens or makes the file, and drops what is too old or too much. A damaged file, and one of a newer Hearth, is
  // renamed to PATH.damaged (in place of an earlier one) and made anew. io_error, resource_exhausted (the disk is
  // full), failed_precondition.
  static Result<CacheFile> open(std::filesystem::path path, Limits limits, WallTime now);

  // What there is, by the first 64 bits of its key.
  Result<std::vector<std::uint64_t>> keys();
  // nullptr if it is not there, or damaged (then it is dropped). Errors as store::Connection's.
  Result<AnswerPtr> find(const Digest& key, WallTime now);
  struct Entry {
    Digest key;
    AnswerPtr answer;
  };
  // Keeps them, all or none, and drops those that were not used for longest until all fit: those are returned.
  Result<std::vector<std::uint64_t>> put(std::span<const Entry> entries);
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t entries() const noexcept { return entries_; }
  // Removes the file and what belongs to it. io_error.
  static Result<void> remove(const std::filesystem::path& path);

 private:
  CacheFile(store::Connection connection, Limits limits) : connection_(std::move(connection)), limits_(limits) {}
  static Result<CacheFile> open_sound(const std::filesystem::path& path, Limits limits, WallTime now);
  Result<void> measure();
  Result<void> put_all(std::span<const Entry> entries);
  Result<void> put_one(const Digest& key, const Answer& answer);
  Result<void> drop_old(WallTime now);
  Result<std::vector<std::uint64_t>> shrink();
  Result<void> drop(const std::vector<std::int64_t>& rows);

  store::Connection connection_;
  Limits limits_;
  std::uint64_t bytes_ = 0;
  std::uint64_t entries_ = 0;
};

}  // namespace hearth::answers
