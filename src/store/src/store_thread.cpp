#include <hearth/core/log.h>
#include <hearth/store/store_thread.h>

#include <fmt/format.h>
#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace hearth::store {
namespace {

constexpr std::size_t kMaxQueued = 10'000;
constexpr std::size_t kMaxGroup = 256;  // so that the first of a group does not wait for thousands
constexpr int kNaps = 50;               // of kSoon each, until a thread that has nothing to do sleeps soundly

struct Job {
  StoreThread::Work work;
  StoreThread::Done done;
  bool soon = false;
};

Result<void> guarded(StoreThread::Work& work, Connection& connection) {
  try {
    return work(connection);
  } catch (const std::exception& e) {
    return fail(Errc::internal, fmt::format("a store operation threw: {}", e.what()));
  }
}

// One piece of work within the group's transaction: its failure undoes it alone.
Result<void> run_one(Connection& connection, StoreThread::Work& work) {
  HEARTH_TRY(connection.run("SAVEPOINT work"));
  Result<void> result = guarded(work, connection);
  if (!connection.in_transaction()) return result;  // SQLite gave the whole transaction up
  if (!result) (void)connection.run("ROLLBACK TO work");
  auto released = connection.run("RELEASE work");
  if (result && !released) return released;
  return result;
}

std::vector<Result<void>> run_group(Connection& connection, std::vector<Job>& group) {
  std::vector<Result<void>> results;
  results.reserve(group.size());
  const auto all_fail = [&](const Error& error) {
    if (connection.in_transaction()) (void)connection.run("ROLLBACK");
    // Who failed by himself keeps his own reason; all others learn that nothing was stored.
    results.resize(group.size());
    for (Result<void>& result : results)
      if (result) result = fail(error);
    return results;
  };
  if (auto begun = connection.run("BEGIN IMMEDIATE"); !begun) return all_fail(begun.error());
  for (Job& job : group) {
    results.push_back(run_one(connection, job.work));
    if (!connection.in_transaction()) {
      const Error cause =
          results.back() ? Error(Errc::internal, "a store operation ended the transaction") : results.back().error();
      return all_fail(cause);
    }
  }
  if (auto committed = connection.run("COMMIT"); !committed) return all_fail(committed.error());
  return results;
}

}  // namespace

struct StoreThread::Impl {
  explicit Impl(Connection c) : connection(std::move(c)) {}

  Connection connection;  // of the thread, once it runs
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> queue;   // under mutex
  std::size_t urgent = 0;  // under mutex: of the queue
  bool asleep = false;     // under mutex: else it looks into the queue by itself soon
  bool stopping = false;   // under mutex
  std::thread thread;

  std::vector<Job> next_group() {
    std::unique_lock lock(mutex);
    const auto due = [&] { return stopping || urgent > 0 || queue.size() >= kMaxGroup; };
    for (int naps = 0; !due(); ++naps) {
      if (naps == kNaps) {
        asleep = true;
        wake.wait(lock, [&] { return due() || !queue.empty(); });
        asleep = false;
        naps = 0;
      }
      if (!wake.wait_for(lock, kSoon, due) && !queue.empty()) break;
    }
    std::vector<Job> group;
    while (!queue.empty() && group.size() < kMaxGroup) {
      if (!queue.front().soon) --urgent;
      group.push_back(std::move(queue.front()));
      queue.pop_front();
    }
    return group;
  }

  void loop() {
    pthread_setname_np(pthread_self(), "store");
    for (;;) {
      std::vector<Job> group = next_group();
      if (group.empty()) return;
      std::vector<Result<void>> results = run_group(connection, group);
      for (std::size_t i = 0; i < group.size(); ++i) group[i].done(std::move(results[i]));
    }
  }
};

StoreThread::StoreThread(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<StoreThread>> StoreThread::start(const std::filesystem::path& path,
                                                        std::span<const std::string_view> migrations) {
  HEARTH_TRY_ASSIGN(Connection connection, Connection::open(path));
  HEARTH_TRY(connection.migrate(migrations));
  auto impl = std::make_unique<Impl>(std::move(connection));
  impl->thread = std::thread([raw = impl.get()] { raw->loop(); });
  return std::unique_ptr<StoreThread>(new StoreThread(std::move(impl)));  // the constructor is private
}

StoreThread::~StoreThread() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

void StoreThread::submit(Work work, Done done, When when) {
  const bool soon = when == When::soon;
  std::unique_lock lock(impl_->mutex);
  if (impl_->queue.size() < kMaxQueued) {
    if (!soon) ++impl_->urgent;
    impl_->queue.push_back({std::move(work), std::move(done), soon});
    const bool wake = !soon || impl_->asleep || impl_->queue.size() == kMaxGroup;
    lock.unlock();  // or who is woken would wait for it
    if (wake) impl_->wake.notify_one();
    return;
  }
  lock.unlock();
  done(fail(Errc::resource_exhausted, "the store is behind with its work; try again in a moment"));
}

}  // namespace hearth::store
