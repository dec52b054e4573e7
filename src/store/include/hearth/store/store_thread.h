// The one thread that touches the database. Work is queued from any thread; everything that waits is done in one
// transaction and acknowledged after its COMMIT, so that many small writes cost one sync of the disk.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/store/database.h>

#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace hearth::store {

class StoreThread {
 public:
  // Runs on the store thread, within a transaction. When it fails, what it did is undone and only it fails.
  using Work = std::move_only_function<Result<void>(Connection&)>;
  // Called once, on the store thread, after the commit; with the work's error, or with the commit's when that failed,
  // in which case nothing of the whole group is stored. Must not block: post to where you want to go on.
  using Done = std::move_only_function<void(Result<void>)>;

  // Opens the database, applies the migrations, starts the thread. Blocking; errors as Connection::open and migrate.
  static Result<std::unique_ptr<StoreThread>> start(const std::filesystem::path& path,
                                                    std::span<const std::string_view> migrations);
  // Does what is queued, then closes the database.
  ~StoreThread();
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  // `soon` waits a moment (kSoon) for company, or goes along with what is to be done now: for what nobody waits for,
  // and for the first of two pieces that are to be in one transaction.
  enum class When { now, soon };
  static constexpr Millis kSoon{20};
  // Any thread; never blocks. When too much waits, `done` gets resource_exhausted at once, on the caller's thread.
  void submit(Work work, Done done, When when = When::now);
  // The same with a value and a future: for start-up, tools and tests, never for the I/O thread.
  template <typename F>
  auto call(F work) -> std::future<std::invoke_result_t<F&, Connection&>> {
    using R = std::invoke_result_t<F&, Connection&>;
    struct Shared {
      std::promise<R> promise;
      R result{};
    };
    auto shared = std::make_shared<Shared>();
    auto future = shared->promise.get_future();
    submit(
        [shared, work = std::move(work)](Connection& connection) mutable -> Result<void> {
          shared->result = work(connection);
          if (!shared->result) return fail(shared->result.error());
          return {};
        },
        [shared](Result<void> committed) {
          if (!committed) shared->result = std::unexpected(std::move(committed).error());
          shared->promise.set_value(std::move(shared->result));
        });
    return future;
  }

 private:
  struct Impl;
  explicit StoreThread(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// All of Hearth's tables, as migrations: appended to, never changed.
std::span<const std::string_view> schema();

}  // namespace hearth::store
