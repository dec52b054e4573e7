// What answers on the store's thread, awaited.
#pragma once

#include <hearth/core/error.h>
#include <hearth/net/runtime.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <utility>

namespace hearth::daemon {

// `start(done)` begins the work; `done(Result<T>)` may come on any thread. Goes on on the caller's executor.
template <typename T, typename Start>
net::awaitable<Result<T>> from_store(Start start) {
  std::unique_ptr<Result<T>> result;
  co_await net::asio::async_initiate<const net::asio::use_awaitable_t<>, void()>(
      [&result](auto handler, Start begin) {
        auto guard = net::asio::make_work_guard(net::asio::get_associated_executor(handler));
        begin([&result, h = std::move(handler), guard = std::move(guard)](Result<T> r) mutable {
          auto executor = guard.get_executor();
          net::asio::post(executor, [&result, h = std::move(h), r = std::move(r)]() mutable {
            result = std::make_unique<Result<T>>(std::move(r));
            std::move(h)();
          });
        });
      },
      net::asio::use_awaitable, std::move(start));
  co_return std::move(*result);
}

}  // namespace hearth::daemon
