#include "co_test.h"
#include "samples.h"

#include <hearth/answers/cache.h>

#include <boost/asio/this_coro.hpp>

#include <fstream>

namespace hearth::answers {
namespace {

constexpr Seconds kDay{86'400};
const std::string kTenant = "key_a";

net::awaitable<AnswerPtr> find(Cache& cache, std::string name, WallTime now = kNow) {
  return cache.find(digest_of(name), kTenant, kDay, now);
}

// Until what was put is on the disk.
net::awaitable<bool> settled(Cache& cache, std::uint64_t answers) {
  return test::eventually([&cache, answers] { return cache.counts().disk_answers == answers; });
}

// Made with the box's own time: the file drops what is too old for it when it is opened.
AnswerPtr recent(std::string body) {
  return shared_answer(std::move(body), WallTime(Seconds(unix_seconds(wall_now()))));
}

CO_TEST(CacheTest, FindsWhatWasPutForThatTenantOnly) {
  Cache cache(co_await net::asio::this_coro::executor, "", {.disk = 0});
  cache.put(digest_of("a"), shared_answer("answer"));
  const AnswerPtr found = co_await find(cache, "a");
  CO_ASSERT(found != nullptr);
  EXPECT_EQ(found->body, "answer");
  const AnswerPtr other_key = co_await find(cache, "b");
  EXPECT_EQ(other_key, nullptr);
  const AnswerPtr other_tenant = co_await cache.find(digest_of("a"), "key_b", kDay, kNow);
  EXPECT_EQ(other_tenant, nullptr);
  const CacheCounts counts = cache.counts();
  EXPECT_EQ(counts.memory_hits, 1U);
  EXPECT_EQ(counts.misses, 2U);
  EXPECT_EQ(counts.saved_input_tokens, 7U);
  EXPECT_EQ(counts.saved_output_tokens, 3U);
  EXPECT_EQ(counts.saved_nano, (std::map<std::string, std::int64_t>{{"EUR", 11}}));
  co_await cache.stop();
}

CO_TEST(CacheTest, NothingIsOlderThanAllowed) {
  Cache cache(co_await net::asio::this_coro::executor, "", {.disk = 0, .lifetime = Seconds(100)});
  cache.put(digest_of("a"), shared_answer("answer"));
  const auto at = [&cache](Seconds max_age, Seconds later) {
    return cache.find(digest_of("a"), kTenant, max_age, kNow + later);
  };
  const AnswerPtr fresh = co_await at(kDay, Seconds(99));
  EXPECT_NE(fresh, nullptr);
  const AnswerPtr old = co_await at(kDay, Seconds(100));
  EXPECT_EQ(old, nullptr);
  const AnswerPtr too_old = co_await at(Seconds(10), Seconds(10));
  EXPECT_EQ(too_old, nullptr);
  const AnswerPtr from_the_future = co_await at(kDay, Seconds(-1));
  EXPECT_EQ(from_the_future, nullptr);
  co_await cache.stop();
}

CO_TEST(CacheTest, NothingSecretAndNothingTooLargeIsKept) {
  Cache cache(co_await net::asio::this_coro::executor, "", {.disk = 0, .answer = 1'000});
  Answer secret = sample_answer("secret");
  secret.data_class = DataClass::secret;
  cache.put(digest_of("secret"), std::make_shared<const Answer>(secret));
  cache.put(digest_of("large"), shared_answer(std::string(1'000, 'x')));
  const AnswerPtr a = co_await find(cache, "secret");
  EXPECT_EQ(a, nullptr);
  const AnswerPtr b = co_await find(cache, "large");
  EXPECT_EQ(b, nullptr);
  EXPECT_EQ(cache.counts().stored, 0U);
  co_await cache.stop();
}

CO_TEST(CacheTest, ComesBackFromTheDisk) {
  const TempDir dir;
  const auto executor = co_await net::asio::this_coro::executor;
  const AnswerPtr a = recent("answer");
  {
    Cache cache(executor, dir / "cache.db", {});
    // Until the file is open, answers are kept in memory only.
    const bool open = co_await test::eventually([&dir] { return std::filesystem::exists(dir / "cache.db-wal"); });
    EXPECT_TRUE(open);
    while (cache.counts().disk_answers == 0) {
      cache.put(digest_of("a"), a);
      co_await net::sleep_for(Millis(2));
    }
    co_await cache.stop();
  }
  Cache cache(executor, dir / "cache.db", {});
  const bool loaded = co_await settled(cache, 1);
  EXPECT_TRUE(loaded);
  AnswerPtr found;
  while (found == nullptr) {  // its index comes a moment later
    found = co_await find(cache, "a", a->made + Seconds(1));
    co_await net::sleep_for(Millis(2));
  }
  EXPECT_EQ(*found, *a);
  EXPECT_EQ(cache.counts().disk_hits, 1U);
  const AnswerPtr again = co_await find(cache, "a", a->made + Seconds(1));
  EXPECT_EQ(again, found);
  EXPECT_EQ(cache.counts().memory_hits, 1U);
  co_await cache.stop();
}

CO_TEST(CacheTest, ClearingForgetsAll) {
  const TempDir dir;
  Cache cache(co_await net::asio::this_coro::executor, dir / "cache.db", {});
  const AnswerPtr a = recent("answer");
  while (cache.counts().disk_answers == 0) {
    cache.put(digest_of("a"), a);
    co_await net::sleep_for(Millis(2));
  }
  cache.put(digest_of("b"), a);  // on its way to the disk
  const auto cleared = co_await cache.clear();
  EXPECT_TRUE(cleared);
  const AnswerPtr found_a = co_await find(cache, "a", a->made);
  EXPECT_EQ(found_a, nullptr);
  const AnswerPtr found_b = co_await find(cache, "b", a->made);
  EXPECT_EQ(found_b, nullptr);
  const CacheCounts counts = cache.counts();
  EXPECT_EQ(counts.memory_bytes + counts.disk_bytes + counts.memory_answers + counts.disk_answers, 0U);
  cache.put(digest_of("c"), a);
  const bool kept = co_await settled(cache, 1);
  EXPECT_TRUE(kept);
  co_await cache.stop();
}

CO_TEST(CacheTest, WorksWithoutADisk) {
  const TempDir dir;
  Cache cache(co_await net::asio::this_coro::executor, dir / "no such folder" / "cache.db", {});
  for (int i = 0; i < 20; ++i) {
    cache.put(digest_of(std::to_string(i)), recent("answer"));
    co_await net::sleep_for(Millis(1));
  }
  const AnswerPtr found = co_await find(cache, "7", wall_now());
  EXPECT_NE(found, nullptr);
  const auto cleared = co_await cache.clear();
  EXPECT_FALSE(cleared);
  const AnswerPtr gone = co_await find(cache, "7", wall_now());
  EXPECT_EQ(gone, nullptr);
  co_await cache.stop();
}

// The file breaks under its feet: it is set aside, and the cache goes on.
CO_TEST(CacheTest, AFileThatBreaksIsMadeAnew) {
  const TempDir dir;
  const auto executor = co_await net::asio::this_coro::executor;
  {
    std::ofstream(dir / "cache.db", std::ios::binary) << std::string(8'192, 'g');
  }
  Cache cache(executor, dir / "cache.db", {});
  while (cache.counts().disk_answers == 0) {
    cache.put(digest_of("a"), recent("answer"));
    co_await net::sleep_for(Millis(2));
  }
  EXPECT_TRUE(std::filesystem::exists(dir / "cache.db.damaged"));
  co_await cache.stop();
}

}  // namespace
}  // namespace hearth::answers
