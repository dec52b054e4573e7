// A store in a folder of its own and a puller on it, with a model of our own making to pull.
#pragma once

#include "servers.h"

#include <hearth/core/ids.h>
#include <hearth/models/pull.h>

#include <gtest/gtest.h>
#include <tiny_models/tiny_models.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hearth::models {

inline constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";

class PullTest : public testing::Test {
 protected:
  PullTest() {
    std::string name = testing::TempDir() + "hearth_pull.XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    options_.smallest_range = 64 * 1024;
    options_.save_every = 128 * 1024;
    options_.first_retry = Millis(20);
    options_.failures = 5;
    store_options_ = {.quota = 0, .keep_free = 0};
    open_store();
  }
  ~PullTest() override {
    puller_.reset();
    store_.reset();
    std::error_code ec;
    std::filesystem::remove_all(folder_, ec);
  }

  void open_store() {
    puller_.reset();
    auto store = ModelStore::open(folder_ / "models", store_options_, disk_);
    ASSERT_TRUE(store) << store.error().describe();
    store_ = std::move(*store);
  }
  Puller& puller() {
    if (puller_ == nullptr) {
      auto puller = Puller::start(*store_, catalogue_, options_);
      if (!puller) std::abort();
      puller_ = std::move(*puller);
    }
    return *puller_;
  }

  // Waits for the end; all events are kept.
  Result<ModelManifest> finish(PullJob& job, const std::function<void(const PullEvent&)>& on_event = {}) {
    const Deadline deadline = Deadline::in(Seconds(90));
    events_.clear();
    while (!deadline.passed()) {
      job.wait(deadline);
      for (PullEvent& event : job.take()) {
        if (on_event) on_event(event);
        events_.push_back(std::move(event));
        const PullEvent& last = events_.back();
        if (last.kind == PullEvent::Kind::installed) return *last.manifest;
        if (last.kind == PullEvent::Kind::failed) return fail(*last.error);
      }
    }
    return fail(Errc::deadline_exceeded, "the pull does not end");
  }
  Result<ModelManifest> pull(PullRequest request) {
    HEARTH_TRY_ASSIGN(const auto job, puller().pull(std::move(request)));
    return finish(*job);
  }
  Result<ModelManifest> pull(const std::string& source) {
    PullRequest request;
    request.source = source;
    return pull(request);
  }
  // What failed, as people read it; empty: nothing did.
  std::string failure(const PullRequest& request) {
    const auto done = pull(request);
    return done ? std::string() : done.error().describe();
  }
  [[nodiscard]] std::size_t count(PullEvent::Kind kind) const {
    std::size_t n = 0;
    for (const PullEvent& event : events_) n += event.kind == kind ? 1 : 0;
    return n;
  }
  std::string installed_bytes(const std::string& name, const std::string& file) const {
    return read_file(folder_ / "models" / name / file, std::size_t{1} << 30U).value_or("<missing>");
  }
  // Nothing that is neither a model nor useful for going on.
  void expect_no_half_model() const {
    std::vector<Error> problems;
    for (const InstalledModel& model : store_->list(&problems))
      for (const ModelFile& file : model.manifest.files)
        EXPECT_EQ(sha256_hex(installed_bytes(model.manifest.name, file.name)), file.sha256);
    EXPECT_TRUE(problems.empty());
    EXPECT_TRUE(std::filesystem::is_empty(folder_ / "models/staging"));
  }

  std::filesystem::path folder_;
  Disk disk_;
  StoreOptions store_options_;
  Catalogue catalogue_;
  PullOptions options_;
  std::unique_ptr<ModelStore> store_;
  std::unique_ptr<Puller> puller_;
  std::vector<PullEvent> events_;
};

// A real, tiny language model of about this many KiB.
inline std::string tiny_model(std::uint32_t kilobytes = 1024, std::uint64_t seed = 1) {
  fixtures::TinyLlama options;
  options.seed = seed;
  options.vocabulary = std::max<std::uint32_t>(640, kilobytes * 1024 / (64 * 4));
  return fixtures::tiny_llama(options).bytes();
}

// What a hub answers about one file.
inline std::string hub_info() {
  return std::string(R"({"id":"org/repo","sha":")") + kCommit +
         R"(","pipeline_tag":"text-generation","cardData":{"license":"apache-2.0","language":["en"]},"siblings":[]})";
}
inline std::string hub_tree(const std::string& path, std::uint64_t bytes, const std::string& sha256,
                            const std::string& more = {}) {
  return R"([{"type":"directory","oid":"x","size":0,"path":"onnx"},)" + more + R"({"type":"file","oid":")" +
         std::string(40, 'c') + R"(","size":)" + std::to_string(bytes) + R"(,"lfs":{"oid":")" + sha256 +
         R"(","size":)" + std::to_string(bytes) + R"(,"pointerSize":134},"path":")" + path + R"("}])";
}
// The hub's routes over files under root: api/info.json, api/tree.json, files/.
inline const std::string kHubLocations = R"(
    location = /api/models/org/repo { alias {ROOT}/api/info.json; }
    location ~ ^/api/models/org/repo/tree/ { alias {ROOT}/api/tree.json; }
    location ~ ^/org/repo/resolve/[0-9a-f]+/(.*)$ { return 302 /cdn/$1?signature=abc; }
    location /cdn/ { alias {ROOT}/files/; }
)";

}  // namespace hearth::models
