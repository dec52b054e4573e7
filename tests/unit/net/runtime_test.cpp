#include "co_test.h"

#include <hearth/net/runtime.h>

#include <thread>

namespace hearth::net {
namespace {

awaitable<void> sleep_and_note(bool* cancelled) {
  const auto slept = co_await sleep_for(Seconds(3'600));
  *cancelled = !slept && slept.error().is(Errc::cancelled);
}

awaitable<void> set_later(Event* event) {
  const auto slept = co_await sleep_for(Millis(5));
  EXPECT_TRUE(slept);
  event->set();
}

awaitable<void> throwing() {
  co_await sleep_for(Millis(1));
  throw std::runtime_error("a bug");
}

CO_TEST(TaskGroup, StopCancelsAndWaits) {
  TaskGroup group(co_await asio::this_coro::executor);
  bool a = false;
  bool b = false;
  group.spawn("a", sleep_and_note(&a));
  group.spawn("b", sleep_and_note(&b));
  const bool ended = co_await group.wait(Deadline::in(Millis(10)));
  EXPECT_FALSE(ended);
  co_await group.stop();
  EXPECT_TRUE(a);
  EXPECT_TRUE(b);
  EXPECT_EQ(group.size(), 0U);
}

CO_TEST(TaskGroup, AThrowingTaskEndsAlone) {
  TaskGroup group(co_await asio::this_coro::executor);
  group.spawn("throws", throwing());
  const bool ended = co_await group.wait(Deadline::in(hearth::test::kPatience));
  EXPECT_TRUE(ended);
  co_await group.stop();
}

CO_TEST(Event, WakesAllAndTimesOut) {
  const auto executor = co_await asio::this_coro::executor;
  Event event(executor);
  TaskGroup group(executor);
  const auto late = co_await event.wait(Deadline::in(Millis(1)));
  CO_ASSERT(!late);
  EXPECT_TRUE(late.error().is(Errc::deadline_exceeded));
  group.spawn("set", set_later(&event));
  const auto woken = co_await event.wait(Deadline::in(hearth::test::kPatience));
  EXPECT_TRUE(woken);
  const auto at_once = co_await event.wait();
  EXPECT_TRUE(at_once);
  co_await group.stop();
}

CO_TEST(BlockingPool, RunsElsewhereAndComesBack) {
  BlockingPool pool(2, 8);
  const auto here = std::this_thread::get_id();
  std::thread::id there;
  const auto sum = co_await pool.run([&there]() -> Result<int> {
    there = std::this_thread::get_id();
    return 42;
  });
  CO_ASSERT(sum);
  EXPECT_EQ(*sum, 42);
  EXPECT_NE(there, here);
  EXPECT_EQ(std::this_thread::get_id(), here);
}

CO_TEST(BlockingPool, RefusesWhenFull) {
  BlockingPool pool(1, 0);
  const auto refused = co_await pool.run([]() -> Result<int> { return 1; });
  CO_ASSERT(!refused);
  EXPECT_TRUE(refused.error().is(Errc::resource_exhausted));
}

}  // namespace
}  // namespace hearth::net
