#include "temp_dir.h"

#include <hearth/store/store_thread.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

namespace hearth::store {
namespace {

using testing::HasSubstr;

constexpr std::array<std::string_view, 1> kTable{"CREATE TABLE t (x INTEGER UNIQUE, pad TEXT)"};

auto insert(std::int64_t x) {
  return [x](Connection& c) -> Result<std::int64_t> {
    HEARTH_TRY(c.run("INSERT INTO t VALUES (?1, '')", x));
    return x;
  };
}

Result<std::int64_t> count(Connection& c) {
  HEARTH_TRY_ASSIGN(Statement query, c.prepare("SELECT count(*) FROM t"));
  HEARTH_TRY(query.step());
  return query.integer(0);
}

TEST(StoreThread, ManyThreadsWriteAndEachIsAnswered) {
  const TempDir dir;
  {
    auto store = StoreThread::start(dir / "t.db", kTable);
    ASSERT_TRUE(store) << store.error().describe();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) EXPECT_EQ((*store)->call(insert(t * 50 + i)).get().value(), t * 50 + i);
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ((*store)->call(count).get().value(), 200);
  }
  auto again = StoreThread::start(dir / "t.db", kTable);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->call(count).get().value(), 200);
}

// Holds the store thread, so that what is queued meanwhile becomes one group.
class Gate {
 public:
  explicit Gate(StoreThread& store) {
    store.submit(
        [this](Connection&) -> Result<void> {
          entered_.set_value();
          release_.get_future().wait();
          return {};
        },
        [](const Result<void>&) {});
    entered_.get_future().wait();
  }
  void open() { release_.set_value(); }

 private:
  std::promise<void> entered_;
  std::promise<void> release_;
};

TEST(StoreThread, WhatWaitsIsOneTransaction) {
  const TempDir dir;
  auto store = StoreThread::start(dir / "t.db", kTable);
  ASSERT_TRUE(store);
  auto other = Connection::open(dir / "t.db");
  Gate gate(**store);
  std::vector<std::future<Result<std::int64_t>>> answers;
  for (int i = 0; i < 10; ++i) answers.push_back((*store)->call(insert(i)));
  // Within the group, before its commit: another connection still sees nothing.
  auto seen_outside = (*store)->call([&](Connection&) { return count(*other); });
  gate.open();
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_EQ(seen_outside.get().value(), 0);
  EXPECT_EQ(count(*other).value(), 10);
}

TEST(StoreThread, WorkThatFailsIsUndoneAndOnlyItFails) {
  const TempDir dir;
  auto store = StoreThread::start(dir / "t.db", kTable);
  ASSERT_TRUE(store);
  Gate gate(**store);
  auto before = (*store)->call(insert(1));
  auto failing = (*store)->call([](Connection& c) -> Result<std::int64_t> {
    HEARTH_TRY(c.run("INSERT INTO t VALUES (2, '')"));
    return fail(Errc::invalid_argument, "no");
  });
  auto throwing = (*store)->call([](Connection& c) -> Result<std::int64_t> {
    (void)c.run("INSERT INTO t VALUES (3, '')");
    throw std::runtime_error("thrown");
  });
  auto twice = (*store)->call(insert(1));
  auto after = (*store)->call(insert(4));
  gate.open();
  EXPECT_TRUE(before.get());
  EXPECT_TRUE(failing.get().error().is(Errc::invalid_argument));
  EXPECT_THAT(throwing.get().error().message(), HasSubstr("thrown"));
  EXPECT_TRUE(twice.get().error().is(Errc::already_exists));
  EXPECT_TRUE(after.get());
  EXPECT_EQ((*store)->call(count).get().value(), 2);
}

TEST(StoreThread, TheQueueIsBounded) {
  const TempDir dir;
  auto store = StoreThread::start(dir / "t.db", kTable);
  ASSERT_TRUE(store);
  Gate gate(**store);
  const auto nothing = [](Connection&) -> Result<int> { return 0; };
  std::vector<std::future<Result<int>>> answers;
  for (int i = 0; i < 10'001; ++i) answers.push_back((*store)->call(nothing));
  const auto last = answers.back().get();  // answered although the store thread is held
  ASSERT_FALSE(last);
  EXPECT_TRUE(last.error().is(Errc::resource_exhausted));
  answers.pop_back();
  gate.open();
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
}

TEST(StoreThread, WhatIsQueuedIsDoneBeforeItStops) {
  const TempDir dir;
  std::vector<std::future<Result<std::int64_t>>> answers;
  {
    auto store = StoreThread::start(dir / "t.db", kTable);
    ASSERT_TRUE(store);
    for (int i = 0; i < 300; ++i) answers.push_back((*store)->call(insert(i)));
  }
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
}

// The kernel refuses to let files grow: what is acknowledged afterwards must be exactly what is there.
TEST(StoreThread, ADiskThatTakesNoMoreIsToldAndNothingHalfIsKept) {
  const TempDir dir;
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  std::int64_t stored = 0;
  {
    auto store = StoreThread::start(dir / "t.db", kTable);
    ASSERT_TRUE(store);
    rlimit small = before;
    small.rlim_cur = 256 * 1024;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string pad(20'000, 'x');
    int refused = 0;
    for (int i = 0; i < 40; ++i) {
      const auto done = (*store)
                            ->call([&](Connection& c) -> Result<int> {
                              HEARTH_TRY(c.run("INSERT INTO t VALUES (?1, ?2)", i, pad));
                              return i;
                            })
                            .get();
      if (done)
        ++stored;
      else if (done.error().is(Errc::io_error) || done.error().is(Errc::resource_exhausted))
        ++refused;
    }
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_GT(stored, 0);
    EXPECT_GT(refused, 0);
    EXPECT_EQ(stored + refused, 40);
    EXPECT_EQ((*store)->call(count).get().value(), stored);
    EXPECT_TRUE((*store)->call(insert(1000)).get()) << "there is room again";
  }
  auto again = StoreThread::start(dir / "t.db", kTable);
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_EQ((*again)->call(count).get().value(), stored + 1);
}

}  // namespace
}  // namespace hearth::store
