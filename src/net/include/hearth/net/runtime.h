// Coroutines: groups of background tasks with an end, deadlines, and a bounded pool for work that blocks.
//
// Everything here belongs to one executor that runs on one thread. Coroutines of ours never see cancellation as an
// exception: an operation that was cancelled returns Errc::cancelled, and the coroutine passes it on.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <exception>
#include <list>
#include <memory>
#include <string>

namespace hearth::net {

namespace asio = boost::asio;
using asio::awaitable;
using Executor = asio::any_io_executor;

// Background tasks that end with their owner. Declare it as the owner's last member: it must go first.
class TaskGroup {
 public:
  explicit TaskGroup(Executor executor);
  ~TaskGroup();  // all tasks must have ended: see stop()
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts a task. `name` is for the log when it throws (a bug). The coroutine takes values, or what outlives the
  // group.
  void spawn(std::string name, awaitable<void> task);
  // Asks all tasks to end (terminal cancellation); they go on until they return.
  void cancel();
  // Cancels, then waits until all have ended.
  awaitable<void> stop();
  // Waits until all have ended, at most until `deadline`; true if they have.
  awaitable<bool> wait(Deadline deadline);
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Ends early with Errc::cancelled; Errc::deadline_exceeded never: reaching the time is success.
awaitable<Result<void>> sleep_until(SteadyTime time);
awaitable<Result<void>> sleep_for(std::chrono::nanoseconds duration);
// Has this task been asked to end? For loops that do not wait on anything cancellable.
awaitable<bool> is_cancelled();

// A manual-reset event for one executor: set() wakes all who wait.
class Event {
 public:
  explicit Event(Executor executor);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void set();
  void reset();
  [[nodiscard]] bool is_set() const noexcept;
  // ok when set; deadline_exceeded, cancelled.
  awaitable<Result<void>> wait(Deadline deadline = Deadline::never());

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// Awaits what answers through a callback: `start` gets a function that takes a Result<T>, to be called once, on any
// thread. The coroutine goes on on its own executor. Not cancellable.
template <typename T, typename Start>
awaitable<Result<T>> from_callback(Start start) {
  std::unique_ptr<Result<T>> result;
  co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
      [&result](auto handler, Start begin) {
        auto guard = asio::make_work_guard(asio::get_associated_executor(handler));
        begin([&result, h = std::move(handler), guard = std::move(guard)](Result<T> r) mutable {
          auto executor = guard.get_executor();
          asio::post(executor, [&result, h = std::move(h), r = std::move(r)]() mutable {
            result = std::make_unique<Result<T>>(std::move(r));
            std::move(h)();
          });
        });
      },
      asio::use_awaitable, std::move(start));
  co_return std::move(*result);
}

// A bounded pool for work that blocks or computes: disk, hashing, long parsing.
class BlockingPool {
 public:
  BlockingPool(std::size_t threads, std::size_t max_queued) : pool_(threads), max_queued_(max_queued) {}
  ~BlockingPool() { pool_.join(); }
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Runs `work` on the pool and comes back to the caller's executor with its Result. resource_exhausted when too much
  // waits. Not cancellable: `work` runs to its end, so it must be bounded. What it throws is thrown at the caller.
  template <typename Work>
  awaitable<std::invoke_result_t<Work>> run(Work work) {
    using R = std::invoke_result_t<Work>;
    if (queued_.load() >= max_queued_)
      co_return fail(Errc::resource_exhausted, "the box is busy with other work; try again in a moment");
    ++queued_;
    std::unique_ptr<R> result;
    std::exception_ptr thrown;
    co_await post_and_wait([&result, &thrown, work = std::move(work)]() mutable {
      try {
        result = std::make_unique<R>(work());
      } catch (...) {
        thrown = std::current_exception();
      }
    });
    --queued_;
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(*result);
  }

 private:
  template <typename Job>
  awaitable<void> post_and_wait(Job job) {
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [this](auto handler, Job j) {
          auto executor = asio::get_associated_executor(handler);
          auto guard = asio::make_work_guard(executor);
          asio::post(pool_, [h = std::move(handler), j = std::move(j), guard = std::move(guard)]() mutable {
            j();
            auto ex = guard.get_executor();
            asio::post(ex, std::move(h));
          });
        },
        asio::use_awaitable, std::move(job));
  }

  asio::thread_pool pool_;
  std::size_t max_queued_;
  std::atomic<std::size_t> queued_{0};
};

}  // namespace hearth::net
