// CO_TEST(Suite, Name) { … co_await … }: a test that is a coroutine, on one thread, with a hard time limit.
// In its body use EXPECT_* and CO_ASSERT (ASSERT_* returns, which a coroutine cannot).
#pragma once

#include <hearth/net/runtime.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>

namespace hearth::test {

inline void run_coroutine(boost::asio::awaitable<void> (*body)()) {
  boost::asio::io_context io(1);
  std::exception_ptr thrown;
  bool done = false;
  boost::asio::co_spawn(
      io,
      [](auto f) -> boost::asio::awaitable<void> {  // NOLINT: captureless
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        co_await f();
      }(body),
      [&](std::exception_ptr e) {
        thrown = e;
        done = true;
        io.stop();
      });
  io.run_for(std::chrono::seconds(30));
  ASSERT_TRUE(done) << "the test did not end within 30 s";
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace hearth::test

#define CO_TEST(suite, name)                                      \
  static boost::asio::awaitable<void> co_test_##suite##_##name(); \
  TEST(suite, name) {                                             \
    hearth::test::run_coroutine(&co_test_##suite##_##name);       \
  }                                                               \
  static boost::asio::awaitable<void> co_test_##suite##_##name()

#define CO_ASSERT(condition)                     \
  do {                                           \
    if (!(condition)) {                          \
      ADD_FAILURE() << "CO_ASSERT: " #condition; \
      co_return;                                 \
    }                                            \
  } while (false)
