// CO_TEST(Suite, Name) { … co_await … }: a test that is a coroutine, on one thread, with a time limit against hanging.
// A machine may stand still for seconds: wait for a state with eventually(), never for a time.
// In its body use EXPECT_* and CO_ASSERT (ASSERT_* returns, which a coroutine cannot).
#pragma once

#include <hearth/net/runtime.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include <exception>

namespace hearth::test {

constexpr Seconds kPatience{100};   // for what must come: only a hang takes so long
constexpr Seconds kHardLimit{240};  // of a whole test

// Waits until `condition()` holds; false when it does not come to that.
template <typename Condition>
net::awaitable<bool> eventually(Condition condition) {
  const Deadline deadline = Deadline::in(kPatience);
  while (!condition()) {
    if (deadline.passed()) co_return false;
    co_await net::sleep_for(Millis(2));
  }
  co_return true;
}

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
  io.run_for(kHardLimit);
  ASSERT_TRUE(done) << "the test did not end within " << kHardLimit.count() << " s";
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
