// The exact cache: what was asked before, by the same tenant, and would be answered the same again.
//
// In memory in front (what it finds there costs one lookup), a SQLite file behind, which a thread of its own reads and
// writes; what is not there is known without asking it. Losing the file loses nothing but money, so it is not synced:
// a damaged one is set aside and made anew, and without a disk the cache is memory only.
//
// Belongs to one executor, but for counts(). Stop it before it goes.
#pragma once

#include <hearth/answers/answer.h>
#include <hearth/answers/digest.h>
#include <hearth/net/runtime.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace hearth::answers {

struct CacheLimits {
  std::uint64_t memory = 16ULL << 20;
  std::uint64_t disk = 256ULL << 20;  // 0: memory only
  std::uint64_t answer = 4ULL << 20;  // larger ones are not kept
  Seconds lifetime{24 * 3600};
};

struct CacheCounts {
  std::uint64_t memory_hits = 0;
  std::uint64_t disk_hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t stored = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t memory_answers = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t disk_answers = 0;
  // What the hits would have taken.
  std::uint64_t saved_input_tokens = 0;
  std::uint64_t saved_output_tokens = 0;
  std::map<std::string, std::int64_t> saved_nano;  // billionths, by currency
};

class Cache {
 public:
  // Opens the file in the background; answers that come before it is open are kept in memory only.
  Cache(net::Executor executor, std::filesystem::path file, CacheLimits limits);
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // The answer to `key` (see answers::key()) if it is at most `max_age` old; else nullptr, also when the disk fails.
  net::awaitable<AnswerPtr> find(Digest key, std::string tenant, Seconds max_age, WallTime now);
  // Keeps it, unless it is too large, or of class secret. Returns at once; the disk comes later, or not at all when it
  // is behind.
  void put(const Digest& key, AnswerPtr answer);
  // Forgets all. io_error.
  net::awaitable<Result<void>> clear();
  // Ends what is under way.
  net::awaitable<void> stop();
  [[nodiscard]] const CacheLimits& limits() const noexcept;
  // Any thread.
  [[nodiscard]] CacheCounts counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::answers
