#include "pool.h"

#include "support/fake_recogniser.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace hearth::whisper {
namespace {

bool never() {
  return false;
}

TEST(Pool, LendsAgainWhatCameBack) {
  int made = 0;
  Pool pool(
      [&]() -> Result<std::unique_ptr<Recogniser>> {
        ++made;
        return std::make_unique<testing::FakeRecogniser>();
      },
      2);
  for (int i = 0; i < 3; ++i) {
    const auto lease = pool.lend(never);
    ASSERT_TRUE(lease.has_value());
    EXPECT_EQ(pool.lent(), 1U);
  }
  EXPECT_EQ(pool.lent(), 0U);
  EXPECT_EQ(made, 1);
}

TEST(Pool, WhoCannotHaveOneGivesUpWhenToldTo) {
  Pool pool([]() -> Result<std::unique_ptr<Recogniser>> { return std::make_unique<testing::FakeRecogniser>(); }, 1);
  const auto lease = pool.lend(never);
  int asked = 0;
  const auto none = pool.lend([&] { return ++asked == 2; });
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().kind(), Errc::cancelled);
  EXPECT_EQ(pool.lent(), 1U);
}

TEST(Pool, AFailureTakesNoPlace) {
  bool fails = true;
  Pool pool(
      [&]() -> Result<std::unique_ptr<Recogniser>> {
        if (fails) return fail(Errc::failed_precondition, "no memory");
        return std::make_unique<testing::FakeRecogniser>();
      },
      1);
  EXPECT_EQ(pool.lend(never).error().kind(), Errc::failed_precondition);
  fails = false;
  EXPECT_TRUE(pool.lend(never).has_value());
}

TEST(Pool, NeverLendsMoreThanItsSize) {
  Pool pool([]() -> Result<std::unique_ptr<Recogniser>> { return std::make_unique<testing::FakeRecogniser>(); }, 3);
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const auto lease = pool.lend(never);
        ASSERT_TRUE(lease.has_value());
        const int busy = ++now;
        for (int seen = most; busy > seen && !most.compare_exchange_weak(seen, busy);) continue;
        std::this_thread::yield();
        --now;
      }
    });
  threads.clear();
  EXPECT_LE(most, 3);
  EXPECT_EQ(pool.lent(), 0U);
}

}  // namespace
}  // namespace hearth::whisper
