#include "temp_dir.h"

#include <hearth/gateway/files.h>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>

namespace hearth::gateway {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kQuota = 1 << 20;
constexpr std::int64_t kDay = 24 * 3600;

std::unique_ptr<FileStore> open(const TempDir& dir, std::uint64_t quota = kQuota) {
  auto store = FileStore::open(dir.path(), quota);
  EXPECT_TRUE(store);
  return store ? std::move(*store) : nullptr;
}

Result<dialects::FileObject> add(FileStore& store, std::string_view content, std::string owner = "key_1",
                                 std::int64_t lifetime = kDay) {
  static SpoolBudget budget(kQuota);
  Spooled spooled("/nonexistent", kQuota, &budget);
  EXPECT_TRUE(spooled.append(content));
  return store.add(spooled, "a name.pdf", "application/pdf", "ocr", std::move(owner), lifetime);
}

std::string content_of(const FileStore& store, const std::string& id, std::string_view owner = "key_1") {
  const auto file = store.read(id, owner);
  if (!file) return "(" + file.error().message() + ")";
  std::string all(file->size(), '\0');
  const auto n = file->read_at(0, all);
  return n ? all.substr(0, *n) : "(unreadable)";
}

TEST(FileStore, KeepsAFileThroughARestart) {
  const TempDir dir;
  std::string id;
  {
    const auto store = open(dir);
    const auto kept = add(*store, "content");
    ASSERT_TRUE(kept);
    id = kept->id;
  }
  const auto store = open(dir);
  EXPECT_EQ(content_of(*store, id), "content");
  const auto described = store->describe(id, "key_1");
  ASSERT_TRUE(described);
  EXPECT_EQ(described->filename, "a name.pdf");
  EXPECT_EQ(described->bytes, 7U);
  EXPECT_EQ(described->purpose, "ocr");
}

TEST(FileStore, AFileIsItsOwners) {
  const TempDir dir;
  const auto store = open(dir);
  const auto kept = add(*store, "mine");
  ASSERT_TRUE(kept);
  EXPECT_FALSE(store->describe(kept->id, "key_2"));
  EXPECT_FALSE(store->read(kept->id, "key_2"));
  EXPECT_FALSE(store->remove(kept->id, "key_2"));
  EXPECT_TRUE(store->list("key_2").empty());
  EXPECT_EQ(store->list("owner").size(), 1U);
  EXPECT_EQ(content_of(*store, kept->id), "mine");
}

TEST(FileStore, RemovedIsRemoved) {
  const TempDir dir;
  const auto store = open(dir);
  const auto kept = add(*store, "x");
  ASSERT_TRUE(kept);
  ASSERT_TRUE(store->remove(kept->id, "key_1"));
  EXPECT_TRUE(store->remove(kept->id, "key_1").error().is(Errc::not_found));
  EXPECT_EQ(dir.entries(), 0U);
}

TEST(FileStore, IdsAreNoPaths) {
  const TempDir dir;
  const auto store = open(dir);
  for (const char* id : {"", ".", "..", "../../etc/passwd", "/etc/passwd", "file_x.json"}) {
    EXPECT_FALSE(store->read(id, "owner")) << id;
    EXPECT_FALSE(store->remove(id, "owner")) << id;
  }
}

TEST(FileStore, TheQuotaIsGivenBackWithAFile) {
  const TempDir dir;
  const auto store = open(dir, 100);
  const auto first = add(*store, std::string(60, 'x'));
  ASSERT_TRUE(first);
  const auto second = add(*store, std::string(60, 'x'));
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().is(Errc::resource_exhausted));
  EXPECT_EQ(dir.entries(), 2U) << "the refused one leaves nothing";
  ASSERT_TRUE(store->remove(first->id, "key_1"));
  EXPECT_TRUE(add(*store, std::string(100, 'x')));
}

TEST(FileStore, AFilePastItsTimeIsGone) {
  const TempDir dir;
  {
    const auto store = open(dir);
    const auto kept = add(*store, "old", "key_1", -10);
    ASSERT_TRUE(kept);
    EXPECT_FALSE(store->describe(kept->id, "key_1"));
    store->remove_expired();
    EXPECT_EQ(dir.entries(), 0U);
    ASSERT_TRUE(add(*store, "older", "key_1", -20));
  }
  const auto store = open(dir);
  EXPECT_EQ(dir.entries(), 0U);
}

TEST(FileStore, DamageCostsTheDamagedFileOnly) {
  const TempDir dir;
  std::vector<std::string> ids;
  {
    const auto store = open(dir);
    for (const char* content : {"good", "no description", "no content", "half a description", "short", "another's"}) {
      const auto kept = add(*store, content);
      ASSERT_TRUE(kept);
      ids.push_back(kept->id);
    }
  }
  const auto path = [&](std::size_t i, const char* end) { return dir.path() / (ids[i] + end); };
  fs::remove(path(1, ".json"));
  fs::remove(path(2, ""));
  fs::resize_file(path(3, ".json"), 20);
  fs::resize_file(path(4, ""), 2);
  fs::copy_file(path(0, ".json"), path(5, ".json"), fs::copy_options::overwrite_existing);
  std::ofstream(dir.path() / "half-written.json.tmp") << "{";

  const auto store = open(dir);
  const auto left = store->list("owner");
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(content_of(*store, ids[0]), "good");
  EXPECT_EQ(dir.entries(), 2U) << "what belonged to no file is swept away";
}

// What was acknowledged is there after kill -9 at any instant, whole; what was not is there whole or not at all.
TEST(FileStore, AKilledProcessLosesNothingItAcknowledged) {
  const TempDir dir;
  for (int round = 0; round < 5; ++round) {
    std::array<int, 2> said{};
    ASSERT_EQ(::pipe(said.data()), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto store = open(dir);
      for (;;) {
        const auto kept = add(*store, std::string(5000, 'k'));
        if (!kept) ::_exit(1);
        const std::string line = kept->id + "\n";
        if (::write(said[1], line.data(), line.size()) < 0) ::_exit(1);
      }
    }
    ::close(said[1]);
    std::string acknowledged;
    std::array<char, 4096> part{};
    while (std::ranges::count(acknowledged, '\n') < 3) {
      const ssize_t n = ::read(said[0], part.data(), part.size());
      ASSERT_GT(n, 0);
      acknowledged.append(part.data(), static_cast<std::size_t>(n));
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    for (ssize_t n = 0; (n = ::read(said[0], part.data(), part.size())) > 0;)
      acknowledged.append(part.data(), static_cast<std::size_t>(n));
    ::close(said[0]);

    const auto store = open(dir);
    for (std::size_t at = 0, end = 0; (end = acknowledged.find('\n', at)) != std::string::npos; at = end + 1)
      EXPECT_EQ(content_of(*store, acknowledged.substr(at, end - at)), std::string(5000, 'k'));
    for (const auto& file : store->list("owner")) {
      EXPECT_EQ(content_of(*store, file.id).size(), 5000U);
      EXPECT_TRUE(store->remove(file.id, "owner"));
    }
    EXPECT_EQ(dir.entries(), 0U);
  }
}

}  // namespace
}  // namespace hearth::gateway
