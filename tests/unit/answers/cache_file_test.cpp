#include "src/cache_file.h"

#include "samples.h"

#include <hearth/core/file.h>

#include <fstream>

namespace hearth::answers {
namespace {

constexpr CacheFile::Limits kRoomy{1 << 20, 1'000, Seconds(3'600)};

Result<std::vector<std::uint64_t>> put(CacheFile& file, const Digest& key, Answer answer) {
  return file.put(std::array{CacheFile::Entry{key, std::make_shared<const Answer>(std::move(answer))}});
}

TEST(CacheFileTest, KeepsAnswersOverARestart) {
  const TempDir dir;
  {
    auto file = CacheFile::open(dir / "cache.db", kRoomy, kNow);
    ASSERT_TRUE(file) << file.error().describe();
    ASSERT_TRUE(put(*file, digest_of("a"), sample_answer("first")));
    ASSERT_TRUE(put(*file, digest_of("a"), sample_answer(std::string("second\0with a nought", 20))));
    ASSERT_TRUE(put(*file, digest_of("b"), sample_answer("other")));
    EXPECT_EQ(file->entries(), 2U);
  }
  auto file = CacheFile::open(dir / "cache.db", kRoomy, kNow);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->entries(), 2U);
  const auto found = file->find(digest_of("a"), kNow);
  ASSERT_TRUE(found);
  ASSERT_NE(*found, nullptr);
  EXPECT_EQ(**found, sample_answer(std::string("second\0with a nought", 20)));
  const auto none = file->find(digest_of("c"), kNow);
  ASSERT_TRUE(none);
  EXPECT_EQ(*none, nullptr);
  const auto keys = file->keys();
  ASSERT_TRUE(keys);
  EXPECT_THAT(*keys, testing::UnorderedElementsAre(digest_of("a").word(), digest_of("b").word()));
}

TEST(CacheFileTest, StaysWithinItsBoundAndKeepsWhatWasUsedLast) {
  const TempDir dir;
  const CacheFile::Limits tight{40'000, 1'000, Seconds(3'600)};
  auto file = CacheFile::open(dir / "cache.db", tight, kNow);
  ASSERT_TRUE(file);
  ASSERT_TRUE(put(*file, digest_of("useful"), sample_answer(std::string(1'000, 'u'))));
  std::size_t gone = 0;
  for (int i = 1; i <= 100; ++i) {
    const WallTime now = kNow + Seconds(i);
    const auto dropped = put(*file, digest_of(std::to_string(i)), sample_answer(std::string(1'000, 'x'), now));
    ASSERT_TRUE(dropped) << dropped.error().describe();
    gone += dropped->size();
    EXPECT_LE(file->bytes(), tight.bytes);
    const auto found = file->find(digest_of("useful"), now);
    ASSERT_TRUE(found);
    EXPECT_NE(*found, nullptr) << i;
  }
  EXPECT_EQ(file->entries() + gone, 101U);
  EXPECT_EQ(file->keys()->size(), file->entries());
}

TEST(CacheFileTest, WhatIsTooOldOrFromTheFutureIsDroppedAtTheStart) {
  const TempDir dir;
  {
    auto file = CacheFile::open(dir / "cache.db", kRoomy, kNow);
    ASSERT_TRUE(file);
    ASSERT_TRUE(put(*file, digest_of("old"), sample_answer("old", kNow - Seconds(3'600))));
    ASSERT_TRUE(put(*file, digest_of("future"), sample_answer("future", kNow + Seconds(60))));
    ASSERT_TRUE(put(*file, digest_of("fresh"), sample_answer("fresh", kNow - Seconds(3'599))));
  }
  auto file = CacheFile::open(dir / "cache.db", kRoomy, kNow);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->entries(), 1U);
  EXPECT_NE(*file->find(digest_of("fresh"), kNow), nullptr);
}

TEST(CacheFileTest, ADamagedFileIsSetAsideAndMadeAnew) {
  const TempDir dir;
  const std::string garbage(8'192, 'g');
  for (int round = 0; round < 2; ++round) {
    std::ofstream(dir / "cache.db", std::ios::binary | std::ios::trunc) << garbage;
    std::ofstream(dir / "cache.db-wal", std::ios::binary | std::ios::trunc) << garbage;
    auto file = CacheFile::open(dir / "cache.db", kRoomy, kNow);
    ASSERT_TRUE(file) << file.error().describe();
    EXPECT_TRUE(put(*file, digest_of("a"), sample_answer("works")));
  }
  const auto aside = read_file(dir / "cache.db.damaged", 1 << 20);
  ASSERT_TRUE(aside);
  EXPECT_EQ(*aside, garbage);
}

TEST(CacheFileTest, AFileOfANewerHearthIsSetAside) {
  const TempDir dir;
  {
    auto connection = store::Connection::open(dir / "cache.db");
    ASSERT_TRUE(connection);
    ASSERT_TRUE(connection->execute("PRAGMA user_version=99"));
  }
  auto file = CacheFile::open(dir / "cache.db", kRoomy, kNow);
  ASSERT_TRUE(file) << file.error().describe();
  EXPECT_TRUE(std::filesystem::exists(dir / "cache.db.damaged"));
}

TEST(CacheFileTest, ADamagedAnswerIsDroppedAlone) {
  const TempDir dir;
  auto file = CacheFile::open(dir / "cache.db", kRoomy, kNow);
  ASSERT_TRUE(file);
  ASSERT_TRUE(put(*file, digest_of("a"), sample_answer("a")));
  ASSERT_TRUE(put(*file, digest_of("b"), sample_answer("b")));
  {
    auto connection = store::Connection::open(dir / "cache.db");
    ASSERT_TRUE(connection);
    ASSERT_TRUE(connection->run("UPDATE answers SET answer = ?2 WHERE key = ?1", store::Blob{digest_of("a").view()},
                                store::Blob{"nonsense"}));
  }
  const auto damaged = file->find(digest_of("a"), kNow);
  ASSERT_TRUE(damaged);
  EXPECT_EQ(*damaged, nullptr);
  EXPECT_EQ(file->entries(), 1U);
  EXPECT_NE(*file->find(digest_of("b"), kNow), nullptr);
}

}  // namespace
}  // namespace hearth::answers
