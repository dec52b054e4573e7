// Waits in a coroutine for what calls back on another thread: the store, the egress ledger.
#pragma once

#include <hearth/net/runtime.h>

#include <memory>
#include <utility>

namespace hearth::net {

// Calls `start` with a function object that takes a Result<T>, once, on any thread; comes back to the caller's executor
// with it. Not cancellable: who calls back must do so.
template <typename T, typename Start>
awaitable<Result<T>> await_callback(Start start) {
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

}  // namespace hearth::net
