#include "cache_file.h"
#include "memory_front.h"

#include <hearth/answers/cache.h>
#include <hearth/core/log.h>

#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace hearth::answers {
namespace {

constexpr std::uint64_t kDiskEntries = 50'000;        // their index takes 2 MB of memory
constexpr std::uint64_t kWaitingBytes = 16ULL << 20;  // answers on their way to the disk
constexpr std::size_t kWaitingAnswers = 8'000;
constexpr std::uint64_t kWaitingReads = 10'000;
// Answers that come within it are written at once: their keys are all over the index, and each page of it is written
// once for all of them. What a power cut takes is asked for again.
constexpr Millis kTogether{1'000};
using Count = std::atomic<std::uint64_t>;

bool is_fresh(const Answer& answer, Seconds max_age, WallTime now) {
  return answer.made <= now && now - answer.made < max_age;
}

}  // namespace

struct Cache::Impl {
  Impl(net::Executor executor, std::filesystem::path f, CacheLimits l)
      : limits(l),
        path(std::move(f)),
        front(l.memory),
        many_wait(executor),
        pool(1, 1 + kWaitingReads),
        tasks(std::move(executor)) {
    if (limits.disk > 0) tasks.spawn("answers.open", open());
  }

  CacheLimits limits;
  std::filesystem::path path;
  MemoryFront front;
  // Of the disk's answers, 64 bits of each key.
  std::unordered_set<std::uint64_t> on_disk;
  bool is_open = false;
  bool complained = false;  // since it last worked
  std::uint64_t epoch = 0;  // grows when all is forgotten: what was asked for before must not come back
  std::uint64_t waiting_bytes = 0;
  std::vector<CacheFile::Entry> to_write;
  bool writing = false;
  net::Event many_wait;           // half of what may wait does
  std::optional<CacheFile> file;  // the pool's
  Count memory_hits{0};
  Count disk_hits{0};
  Count misses{0};
  Count stored{0};
  Count memory_bytes{0};
  Count memory_answers{0};
  Count disk_bytes{0};
  Count disk_answers{0};
  Count saved_input{0};
  Count saved_output{0};
  mutable std::mutex money;
  std::map<std::string, std::int64_t> saved_nano;  // under money
  net::BlockingPool pool;                          // one thread
  net::TaskGroup tasks;

  [[nodiscard]] CacheFile::Limits file_limits() const { return {limits.disk, kDiskEntries, limits.lifetime}; }

  // On the pool's thread.
  void measure_disk() {
    disk_bytes = file ? file->bytes() : 0;
    disk_answers = file ? file->entries() : 0;
  }

  void measure_memory() {
    memory_bytes = front.bytes();
    memory_answers = front.size();
  }

  // On the pool's thread: opens the file and says what is in it.
  Result<std::vector<std::uint64_t>> open_file() {
    file.reset();
    auto opened = CacheFile::open(path, file_limits(), wall_now());
    if (!opened) return fail(std::move(opened).error());
    file.emplace(std::move(*opened));
    measure_disk();
    return file->keys();
  }

  net::awaitable<void> open() {
    auto keys = co_await pool.run([this] { return open_file(); });
    took_over(keys);
  }

  void took_over(const Result<std::vector<std::uint64_t>>& keys) {
    on_disk.clear();
    is_open = keys.has_value();
    if (!keys) {
      log::warn("answers", "the cache works without its file", {{"error", keys.error().describe()}});
      return;
    }
    on_disk.insert(keys->begin(), keys->end());
  }

  // A file that was found damaged while it was used is set aside like one that was found so at the start.
  net::awaitable<void> failed(Error error) {
    if (!std::exchange(complained, true))
      log::warn("answers", "the cache's file failed", {{"error", error.describe()}});
    if (!error.is(Errc::corrupt) || !is_open) co_return;
    is_open = false;
    co_await open();
  }

  // Until nothing is left.
  net::awaitable<void> write() {
    while (!to_write.empty()) {
      [[maybe_unused]] const auto enough = co_await many_wait.wait(Deadline::in(kTogether));  // cut short at the end
      many_wait.reset();
      co_await write_together(std::exchange(to_write, {}));
    }
    writing = false;
  }

  net::awaitable<void> write_together(std::vector<CacheFile::Entry> entries) {
    const std::uint64_t began = epoch;
    auto gone = co_await pool.run([this, &entries]() -> Result<std::vector<std::uint64_t>> {
      if (!file) return fail(Errc::unavailable, "the cache's file is not open");
      auto dropped = file->put(entries);
      measure_disk();
      return dropped;
    });
    for (const CacheFile::Entry& entry : entries) waiting_bytes -= entry.answer->size();
    if (!gone) co_return co_await failed(gone.error());
    if (began != epoch) co_return;
    complained = false;
    for (const CacheFile::Entry& entry : entries) on_disk.insert(entry.key.word());
    for (const std::uint64_t word : *gone) on_disk.erase(word);
  }

  net::awaitable<AnswerPtr> load(const Digest& key, WallTime now) {
    const std::uint64_t began = epoch;
    auto answer = co_await pool.run([this, &key, now]() -> Result<AnswerPtr> {
      if (!file) return fail(Errc::unavailable, "the cache's file is not open");
      return file->find(key, now);
    });
    if (!answer) {
      co_await failed(answer.error());
      co_return nullptr;
    }
    if (began != epoch) co_return nullptr;
    if (*answer == nullptr) {
      on_disk.erase(key.word());
      co_return nullptr;
    }
    front.put(key, *answer);
    measure_memory();
    co_return std::move(*answer);
  }

  void count_hit(Count& kind, const Answer& answer) {
    ++kind;
    saved_input += answer.input_tokens;
    saved_output += answer.output_tokens;
    if (answer.currency.empty()) return;
    const std::lock_guard lock(money);
    saved_nano[answer.currency] += answer.nano;
  }
};

Cache::Cache(net::Executor executor, std::filesystem::path file, CacheLimits limits)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(file), limits)) {}

Cache::~Cache() = default;

net::awaitable<AnswerPtr> Cache::find(Digest key, std::string tenant, Seconds max_age, WallTime now) {
  Impl& cache = *impl_;
  AnswerPtr answer = cache.front.find(key);
  Count* kind = &cache.memory_hits;
  if (answer == nullptr && cache.is_open && cache.on_disk.contains(key.word())) {
    answer = co_await cache.load(key, now);
    kind = &cache.disk_hits;
  }
  const bool usable =
      answer != nullptr && answer->tenant == tenant && is_fresh(*answer, std::min(max_age, cache.limits.lifetime), now);
  if (!usable) {
    ++cache.misses;
    co_return nullptr;
  }
  cache.count_hit(*kind, *answer);
  co_return answer;
}

void Cache::put(const Digest& key, AnswerPtr answer) {
  Impl& cache = *impl_;
  const std::uint64_t size = answer->size();
  if (size > cache.limits.answer || answer->data_class == DataClass::secret) return;
  ++cache.stored;
  cache.front.put(key, answer);
  cache.measure_memory();
  if (!cache.is_open || cache.waiting_bytes + size > kWaitingBytes || cache.to_write.size() >= kWaitingAnswers) return;
  cache.waiting_bytes += size;
  cache.to_write.push_back({key, std::move(answer)});
  if (cache.waiting_bytes > kWaitingBytes / 2 || cache.to_write.size() > kWaitingAnswers / 2) cache.many_wait.set();
  if (!std::exchange(cache.writing, true)) cache.tasks.spawn("answers.write", cache.write());
}

net::awaitable<Result<void>> Cache::clear() {
  Impl& cache = *impl_;
  ++cache.epoch;
  for (const CacheFile::Entry& entry : std::exchange(cache.to_write, {})) cache.waiting_bytes -= entry.answer->size();
  cache.front.clear();
  cache.measure_memory();
  cache.on_disk.clear();
  if (cache.limits.disk == 0) co_return Result<void>();
  cache.is_open = false;
  auto keys = co_await cache.pool.run([&cache]() -> Result<std::vector<std::uint64_t>> {
    cache.file.reset();
    cache.measure_disk();
    HEARTH_TRY(CacheFile::remove(cache.path));
    HEARTH_TRY(CacheFile::remove(cache.path.string() + ".damaged"));
    return cache.open_file();
  });
  cache.took_over(keys);
  if (!keys) co_return fail(keys.error());
  co_return Result<void>();
}

net::awaitable<void> Cache::stop() {
  co_await impl_->tasks.stop();
}

const CacheLimits& Cache::limits() const noexcept {
  return impl_->limits;
}

CacheCounts Cache::counts() const {
  const Impl& c = *impl_;
  const std::lock_guard lock(c.money);
  return {c.memory_hits, c.disk_hits,    c.misses,      c.stored,       c.memory_bytes, c.memory_answers,
          c.disk_bytes,  c.disk_answers, c.saved_input, c.saved_output, c.saved_nano};
}

}  // namespace hearth::answers
