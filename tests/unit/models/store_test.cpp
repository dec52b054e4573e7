#include "temp_dir.h"

#include <hearth/core/ids.h>
#include <hearth/models/model_store.h>

#include <faulty_disk.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>

namespace hearth::models {
namespace {

namespace fs = std::filesystem;

class Store : public testing::Test {
 protected:
  std::unique_ptr<ModelStore> open(Disk& disk, StoreOptions options = {.quota = 0, .keep_free = 0}) {
    auto store = ModelStore::open(dir_.path() / "models", options, disk);
    EXPECT_TRUE(store) << store.error().describe();
    return std::move(*store);
  }
  // As a download leaves it.
  static Result<ModelFile> put(ModelStore& store, const std::string& role, const std::string& name,
                               const std::string& bytes) {
    const std::string sha = sha256_hex(bytes);
    const std::string key = "sha256-" + sha;
    HEARTH_TRY(store.disk().write_file(store.partial_path(key), bytes));
    HEARTH_TRY(store.adopt(key, sha));
    return ModelFile{role, name, sha, bytes.size()};
  }
  static ModelManifest manifest(const std::string& name, std::vector<ModelFile> files) {
    ModelManifest m;
    m.name = name;
    m.task = "chat";
    m.format = "gguf";
    m.source = "hf:a/b";
    m.files = std::move(files);
    return m;
  }
  // One model of two files.
  static Result<void> install(ModelStore& store, const std::string& name, const std::string& content) {
    HEARTH_TRY_ASSIGN(const ModelFile model, put(store, "model", "model.gguf", content + " weights"));
    HEARTH_TRY_ASSIGN(const ModelFile tokens, put(store, "tokens", "tokens.txt", content + " tokens"));
    HEARTH_TRY(store.install(manifest(name, {model, tokens})));
    return {};
  }
  static std::string read(const fs::path& path) { return read_file(path, 1 << 20).value_or("<missing>"); }

  TempDir dir_;
  Disk disk_;
};

TEST_F(Store, InstalledModelIsListedShownAndReadable) {
  auto store = open(disk_);
  ASSERT_TRUE(install(*store, "tiny", "one"));
  const auto models = store->list();
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].manifest.name, "tiny");
  EXPECT_EQ(read(models[0].folder / "model.gguf"), "one weights");
  struct stat s{};
  ASSERT_EQ(::stat((models[0].folder / "model.gguf").c_str(), &s), 0);
  EXPECT_EQ(s.st_nlink, 2U);
  EXPECT_EQ(s.st_mode & 0777, 0444U);
  EXPECT_TRUE(store->show("tiny"));
  const auto none = store->show("other");
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().is(Errc::not_found));
  EXPECT_FALSE(store->show("../models"));
}

TEST_F(Store, RemovingKeepsWhatOthersNeed) {
  auto store = open(disk_);
  ASSERT_TRUE(install(*store, "a", "same"));
  ASSERT_TRUE(install(*store, "b", "same"));
  ASSERT_TRUE(store->remove("a"));
  EXPECT_EQ(read(store->show("b")->folder / "model.gguf"), "same weights");
  EXPECT_TRUE(store->has_blob(sha256_hex("same weights"), 12));
  ASSERT_TRUE(store->remove("b"));
  EXPECT_FALSE(store->has_blob(sha256_hex("same weights"), 12));
  EXPECT_FALSE(store->remove("b"));
}

TEST_F(Store, CollectingSparesWhatIsBeingPulled) {
  auto store = open(disk_);
  const auto file = put(*store, "model", "m.gguf", "bytes");
  ASSERT_TRUE(file);
  {
    const auto lease = store->lease("sha256-" + file->sha256);
    ASSERT_EQ(store->gc(true)->blobs, 0U);
    EXPECT_TRUE(store->has_blob(file->sha256, 5));
  }
  const auto report = store->gc(true);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->blobs, 1U);
  EXPECT_FALSE(store->has_blob(file->sha256, 5));
}

TEST_F(Store, CollectingThrowsNothingAwayWhileAModelCannotBeRead) {
  auto store = open(disk_);
  ASSERT_TRUE(install(*store, "a", "x"));
  ASSERT_TRUE(disk_.write_file(store->root() / "a" / "model.yaml", "nonsense"));
  std::vector<Error> problems;
  EXPECT_TRUE(store->list(&problems).empty());
  EXPECT_EQ(problems.size(), 1U);
  EXPECT_FALSE(store->gc(true));
  EXPECT_TRUE(store->has_blob(sha256_hex("x weights"), 9));
}

TEST_F(Store, VerifyNamesTheBrokenFileAndLetsItBePulledAgain) {
  auto store = open(disk_);
  ASSERT_TRUE(install(*store, "good", "good"));
  ASSERT_TRUE(install(*store, "bad", "bad"));
  EXPECT_TRUE(store->verify("", {})->broken.empty());
  const fs::path file = store->root() / "bad" / "model.gguf";
  fs::permissions(file, fs::perms::owner_all);
  std::ofstream(file, std::ios::in | std::ios::out).write("B", 1);
  const auto report = store->verify("", {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->models, 2U);
  EXPECT_EQ(report->files, 4U);
  ASSERT_EQ(report->broken.size(), 1U);
  EXPECT_EQ(report->broken[0].model, "bad");
  EXPECT_EQ(report->broken[0].file, "model.gguf");
  EXPECT_NE(report->broken[0].what.find("hearth pull hf:a/b --name bad"), std::string::npos) << report->broken[0].what;
  EXPECT_FALSE(store->has_blob(sha256_hex("bad weights"), 11));
  EXPECT_TRUE(store->has_blob(sha256_hex("good weights"), 12));
  fs::remove(store->root() / "good" / "tokens.txt");
  EXPECT_EQ(store->verify("good", {})->broken.at(0).file, "tokens.txt");
}

TEST_F(Store, ReplacingIsOneStep) {
  auto store = open(disk_);
  ASSERT_TRUE(install(*store, "m", "old"));
  ASSERT_TRUE(install(*store, "m", "new"));
  EXPECT_EQ(read(store->root() / "m" / "model.gguf"), "new weights");
  EXPECT_TRUE(fs::is_empty(store->root() / "staging"));
}

TEST_F(Store, SpaceAndQuotaSayHowMuchIsMissing) {
  auto store = open(disk_, {.quota = 1000, .keep_free = 0});
  ASSERT_TRUE(put(*store, "model", "m", std::string(600, 'x')));
  EXPECT_TRUE(store->check_space(400));
  const auto over = store->check_space(500);
  ASSERT_FALSE(over);
  EXPECT_TRUE(over.error().is(Errc::resource_exhausted));
  EXPECT_NE(over.error().message().find("100 B are missing"), std::string::npos) << over.error().message();
  const auto full = store->check_space(std::uint64_t{1} << 60U);
  ASSERT_FALSE(full);
  EXPECT_NE(full.error().message().find("free"), std::string::npos);
}

TEST_F(Store, PinsOutliveTheModel) {
  auto store = open(disk_);
  EXPECT_FALSE(*store->pin("hf:a/b#m.gguf"));
  ASSERT_TRUE(store->set_pin("hf:a/b#m.gguf", {std::string(64, 'a'), 7}));
  EXPECT_EQ((*store->pin("hf:a/b#m.gguf"))->bytes, 7U);
  EXPECT_FALSE(*store->pin("hf:a/b#other.gguf"));
  ASSERT_TRUE(disk_.write_file(store->root() / "pins" / sha256_hex("x"), "junk"));
  EXPECT_FALSE(store->pin("x"));
}

// Whatever operation is the last that works: afterwards the whole old model is there, or the whole new one.
TEST_F(Store, PowerCutAtEachOperationLeavesAllOrNothing) {
  FaultyDisk sound;
  for (const FaultyDisk::Then then : {FaultyDisk::Then::dead, FaultyDisk::Then::works_again}) {
    for (const bool replaces : {false, true}) {
      int n = 0;
      for (;; ++n) {
        const TempDir dir;
        const fs::path root = dir.path() / "models";
        FaultyDisk faulty;
        auto store = ModelStore::open(root, {.quota = 0, .keep_free = 0}, faulty);
        ASSERT_TRUE(store);
        if (replaces) ASSERT_TRUE(install(**store, "m", "old"));
        faulty.fail_at(n, then);
        const auto done = install(**store, "m", "new");
        const bool finished = !faulty.has_failed();
        // The box comes up again.
        auto again = ModelStore::open(root, {.quota = 0, .keep_free = 0}, sound);
        ASSERT_TRUE(again) << again.error().describe();
        std::vector<Error> problems;
        const auto models = (*again)->list(&problems);
        ASSERT_TRUE(problems.empty()) << "operation " << n << ": " << problems[0].describe();
        ASSERT_LE(models.size(), 1U);
        if (replaces) ASSERT_EQ(models.size(), 1U) << "the old model is gone after operation " << n;
        if (done) ASSERT_EQ(models.size(), 1U);
        for (const auto& model : models) {
          const std::string weights = read(model.folder / "model.gguf");
          const std::string tokens = read(model.folder / "tokens.txt");
          ASSERT_TRUE((weights == "new weights" && tokens == "new tokens") ||
                      (replaces && weights == "old weights" && tokens == "old tokens"))
              << "operation " << n << ": " << weights << ", " << tokens;
        }
        ASSERT_TRUE((*again)->verify("", {})->broken.empty());
        // And goes on as if nothing had been.
        ASSERT_TRUE(install(**again, "m", "new"));
        ASSERT_EQ(read(root / "m" / "model.gguf"), "new weights");
        ASSERT_TRUE((*again)->gc(true));
        ASSERT_TRUE(fs::is_empty(root / "staging"));
        if (finished) break;
      }
      EXPECT_GT(n, 15);  // the countdown went through all of it
    }
  }
}

}  // namespace
}  // namespace hearth::models
