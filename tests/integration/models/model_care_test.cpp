// Damaged models mend themselves: a real store, a real puller, a real web server.
#include "model_care.h"

#include "pull_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>

namespace hearth::models {
namespace {

namespace fs = std::filesystem;
using daemon::ModelCare;

class Care : public PullTest {
 protected:
  Care() : nginx_(kHubLocations) {
    options_.hugging_face = nginx_.url("");
    options_.failures = 1;
    publish(model_);
    const auto pulled = pull("hf:org/repo");
    EXPECT_TRUE(pulled);
    name_ = pulled ? pulled->name : "";
    file_ = folder_ / "models" / name_ / "tiny-Q8_0.gguf";
    rhythm_.retry.first = Millis(50);
    rhythm_.retry.most = Millis(200);
  }
  ~Care() override { care_.reset(); }

  void publish(const std::string& bytes) const {
    nginx_.put("api/info.json", hub_info());
    nginx_.put("api/tree.json", hub_tree("tiny-Q8_0.gguf", bytes.size(), sha256_hex(bytes)));
    nginx_.put("files/tiny-Q8_0.gguf", bytes);
  }
  ModelCare& care() {
    if (!care_) {
      const auto hold = [this](const std::string& model, const std::string& why) {
        EXPECT_EQ(model, name_);
        const std::lock_guard lock(mutex_);
        told_.push_back(why);
        changed_.notify_all();
      };
      care_ = std::make_unique<ModelCare>(ModelCare::With{.store = store_.get(),
                                                          .puller = &puller(),
                                                          .marker = folder_ / "read",
                                                          .changed = [] {},
                                                          .hold = hold,
                                                          .idle = [] { return true; }},
                                          rhythm_);
    }
    return *care_;
  }
  // Until the last that was told is this; empty: that it is whole.
  bool is_told(const std::string& why) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(90), [&] {
      return !told_.empty() && (why.empty() ? told_.back().empty() : told_.back().find(why) != std::string::npos);
    });
  }
  [[nodiscard]] bool was_told(const std::string& why) {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(told_, [&](const std::string& t) { return t.find(why) != std::string::npos; });
  }
  // Writes over the file in place: its blob is the same bytes.
  void overwrite() const {
    fs::permissions(file_, fs::perms::owner_all);
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(model_.size() / 2));
    file << "something else";
    file.close();
    // As if it had been installed long ago.
    const auto before = fs::last_write_time(file_) - std::chrono::hours(1);
    fs::last_write_time(folder_ / "models" / name_ / "model.yaml", before);
  }
  void expect_whole() {
    EXPECT_EQ(installed_bytes(name_, "tiny-Q8_0.gguf"), model_);
    EXPECT_TRUE(care().look(name_));
    expect_no_half_model();
  }

  std::string model_ = tiny_model();
  Nginx nginx_;
  std::string name_;
  fs::path file_;
  ModelCare::Rhythm rhythm_{.look_every = Seconds(3'600), .read_every = Seconds(1'000'000), .retry = {}};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> told_;
  std::unique_ptr<ModelCare> care_;
};

TEST_F(Care, AWholeModelIsLetBe) {
  EXPECT_TRUE(care().look(name_));
  care().suspect(name_);
  EXPECT_TRUE(care().look(name_));
}

TEST_F(Care, AnOverwrittenModelIsRefusedAndPulledAgain) {
  overwrite();
  const auto looked = care().look(name_);
  ASSERT_FALSE(looked);
  EXPECT_TRUE(looked.error().is(Errc::corrupt));
  EXPECT_NE(looked.error().message().find("was changed after it was installed"), std::string::npos);
  EXPECT_TRUE(is_told(""));
  EXPECT_TRUE(was_told("it is being pulled again"));
  expect_whole();
}

TEST_F(Care, ATruncatedModelIsPulledAgain) {
  fs::permissions(file_, fs::perms::owner_all);
  fs::resize_file(file_, 1'000);
  EXPECT_FALSE(care().look(name_));
  EXPECT_TRUE(is_told(""));
  expect_whole();
}

TEST_F(Care, ARemovedFileComesBackWithoutThePull) {
  fs::remove(file_);
  nginx_.stop();
  EXPECT_FALSE(care().look(name_));
  EXPECT_TRUE(is_told(""));
  EXPECT_FALSE(was_told("pulled"));
  expect_whole();
}

TEST_F(Care, RemovalIsFoundBeforeItIsUsed) {
  rhythm_.look_every = Seconds(1);
  fs::remove(file_);
  care();
  EXPECT_TRUE(is_told(""));
  expect_whole();
}

TEST_F(Care, DamageThatCannotBeSeenIsFoundWhenAllIsRead) {
  const auto time = fs::last_write_time(file_);
  overwrite();
  fs::last_write_time(file_, time);
  fs::last_write_time(folder_ / "models" / name_ / "model.yaml", time);
  EXPECT_TRUE(care().look(name_)) << "it looks well";
  care().suspect(name_);  // an engine fails with it
  EXPECT_TRUE(is_told(""));
  EXPECT_TRUE(was_told("does not have the bytes that were installed"));
  expect_whole();
}

TEST_F(Care, AllIsReadWhenThatIsDue) {
  const auto time = fs::last_write_time(file_);
  overwrite();
  fs::last_write_time(file_, time);
  fs::last_write_time(folder_ / "models" / name_ / "model.yaml", time);
  std::ofstream(folder_ / "read").close();
  fs::last_write_time(folder_ / "read", time - std::chrono::hours(24 * 30));
  care();
  EXPECT_TRUE(is_told(""));
  expect_whole();
}

TEST_F(Care, GoesOnUntilTheSourceIsBack) {
  overwrite();
  nginx_.stop();
  EXPECT_FALSE(care().look(name_));
  EXPECT_TRUE(is_told("is tried again in"));
  const auto refused = care().look(name_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("is damaged"), std::string::npos) << refused.error().message();
  nginx_.start();
  EXPECT_TRUE(is_told(""));
  expect_whole();
}

TEST_F(Care, NeverTakesOtherBytes) {
  overwrite();
  rhythm_.retry.refused = Seconds(3'600);
  publish(tiny_model(1024, 7));
  EXPECT_FALSE(care().look(name_));
  EXPECT_TRUE(is_told("is not what it was when it was first pulled"));
  EXPECT_FALSE(care().look(name_));
}

TEST_F(Care, LeavesAModelAloneThatAPersonHasRemoved) {
  overwrite();
  nginx_.stop();
  EXPECT_FALSE(care().look(name_));
  EXPECT_TRUE(is_told("is tried again in"));
  ASSERT_TRUE(store_->remove(name_));
  EXPECT_TRUE(is_told(""));
  EXPECT_FALSE(store_->show(name_));
}

}  // namespace
}  // namespace hearth::models
