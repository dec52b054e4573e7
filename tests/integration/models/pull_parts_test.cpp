// Models in several files: split GGUFs, and ONNX models whose weights lie beside them.
#include "pull_bench.h"

#include <hearth/models/model_file.h>

#include <fmt/format.h>
#include <tiny_models/onnx_writer.h>

#include <fstream>

namespace hearth::models {
namespace {

constexpr std::uint16_t kParts = 3;

std::string part_name(int number) {
  return fmt::format("tiny-Q8_0-{:05}-of-{:05}.gguf", number, int{kParts});
}

class InParts : public PullTest {
 protected:
  InParts() : nginx_(kHubLocations) {
    options_.hugging_face = nginx_.url("");
    nginx_.put("api/info.json", hub_info());
  }
  // The hub's list of what lies under files/.
  void list(const std::vector<std::pair<std::string, std::string>>& files) const {
    std::string tree;
    for (const auto& [name, bytes] : files) {
      nginx_.put("files/" + name, bytes);
      tree += fmt::format(R"({}{{"type":"file","size":{},"lfs":{{"oid":"{}","size":{}}},"path":"{}"}})",
                          tree.empty() ? "" : ",", bytes.size(), sha256_hex(bytes), bytes.size(), name);
    }
    nginx_.put("api/tree.json", "[" + tree + "]");
  }
  std::vector<std::pair<std::string, std::string>> named_parts() const {
    std::vector<std::pair<std::string, std::string>> files;
    for (int i = 1; i <= kParts; ++i) files.emplace_back(part_name(i), parts_[static_cast<std::size_t>(i - 1)]);
    return files;
  }
  void expect_all_parts(const ModelManifest& manifest) const {
    ASSERT_EQ(manifest.files.size(), std::size_t{kParts});
    for (std::size_t i = 0; i < kParts; ++i) {
      EXPECT_EQ(manifest.files[i].role, i == 0 ? "model" : "part");
      EXPECT_EQ(manifest.files[i].name, part_name(static_cast<int>(i) + 1));
      EXPECT_EQ(installed_bytes(manifest.name, manifest.files[i].name), parts_[i]);
    }
    EXPECT_EQ(manifest.task, "chat");
    const auto folder = folder_ / "models" / manifest.name;
    const auto facts = inspect_whole(folder / part_name(1), {folder / part_name(2), folder / part_name(3)});
    ASSERT_TRUE(facts) << facts.error().describe();
    EXPECT_FALSE(facts->split);
  }

  Nginx nginx_;
  std::vector<std::string> parts_ = fixtures::tiny_llama({}).split(kParts);
};

TEST_F(InParts, HubModelComesWithAllOfThem) {
  list(named_parts());
  const auto done = pull("hf:org/repo:Q8_0");
  ASSERT_TRUE(done) << done.error().describe();
  expect_all_parts(*done);
  ASSERT_TRUE(store_->remove(done->name));
  const auto named = pull("hf:org/repo:" + part_name(2));
  ASSERT_TRUE(named) << named.error().describe();
  expect_all_parts(*named);
}

TEST_F(InParts, UrlOfOneMeansAll) {
  list(named_parts());
  const std::string url = nginx_.url("/files/" + part_name(2));
  EXPECT_NE(failure({.source = url + "#sha256=" + sha256_hex(parts_[1]), .name = {}, .task = {}}).find("--insist"),
            std::string::npos);
  std::string digests;
  for (const std::string& part : parts_) digests += (digests.empty() ? "" : ",") + sha256_hex(part);
  EXPECT_NE(failure({.source = url + "#sha256=" + digests.substr(0, 129), .name = {}, .task = {}}).find("in 3 files"),
            std::string::npos);
  const auto done = pull({.source = url + "#sha256=" + digests, .name = "split", .task = {}});
  ASSERT_TRUE(done) << done.error().describe();
  expect_all_parts(*done);
  const auto insisted =
      pull({.source = nginx_.url("/files/" + part_name(1)) + "?x=1", .name = "again", .task = {}, .insist = true});
  ASSERT_TRUE(insisted) << insisted.error().describe();
  expect_all_parts(*insisted);
}

TEST_F(InParts, LocalFileAndFolderMeanAll) {
  std::filesystem::create_directories(folder_ / "own");
  for (const auto& [name, bytes] : named_parts()) ASSERT_TRUE(disk_.write_file(folder_ / "own" / name, bytes));
  const auto file = pull({.source = (folder_ / "own" / part_name(3)).string(), .name = "file", .task = {}});
  ASSERT_TRUE(file) << file.error().describe();
  expect_all_parts(*file);
  const auto folder = pull((folder_ / "own").string());
  ASSERT_TRUE(folder) << folder.error().describe();
  expect_all_parts(*folder);
}

TEST_F(InParts, MissingOrWrongPartLeavesNothing) {
  auto files = named_parts();
  files.pop_back();
  list(files);
  EXPECT_NE(failure({.source = "hf:org/repo:" + part_name(1), .name = {}, .task = {}}).find(part_name(3)),
            std::string::npos);
  // A part of another model, with a digest of its own.
  files.emplace_back(part_name(3), fixtures::tiny_llama({}).split(4)[2]);
  list(files);
  const std::string why = failure({.source = "hf:org/repo:Q8_0", .name = {}, .task = {}});
  EXPECT_NE(why.find("is not installed"), std::string::npos) << why;
  EXPECT_NE(why.find("number 3"), std::string::npos) << why;
  files.back().second = parts_[2];
  list(files);
  std::string harmed = parts_[2];
  harmed.back() = static_cast<char>(harmed.back() ^ 1);
  nginx_.put("files/" + part_name(3), harmed);
  EXPECT_NE(failure({.source = "hf:org/repo:Q8_0", .name = {}, .task = {}}).find("is not what it should be"),
            std::string::npos);
  EXPECT_TRUE(store_->list().empty());
  expect_no_half_model();
  nginx_.put("files/" + part_name(3), parts_[2]);
  const auto done = pull({.source = "hf:org/repo:Q8_0", .name = {}, .task = {}, .accept_change = true});
  ASSERT_TRUE(done) << done.error().describe();
  expect_all_parts(*done);
}

// ── ONNX

const std::string kWeights(16UL * 4, 'w');

std::string onnx_with(const std::string& location) {
  fixtures::OnnxModel model;
  model.nodes = {fixtures::onnx_node("Add", {"x", "w"}, {"y"})};
  model.inputs = {fixtures::onnx_value("x", fixtures::OnnxKind::float32, {16})};
  model.outputs = {fixtures::onnx_value("y", fixtures::OnnxKind::float32, {16})};
  model.initializers = {fixtures::onnx_external("w", {16}, location, 0)};
  return model.bytes();
}

class WithWeightsBeside : public InParts {};

TEST_F(WithWeightsBeside, HeaderSaysWhichFileThatIs) {
  const std::string model = onnx_with("odd-name.weights");
  list({{"onnx/model.onnx", model}, {"onnx/odd-name.weights", kWeights}, {"onnx/other.bin", "x"}});
  const auto done = pull({.source = "hf:org/repo", .name = {}, .task = "embedding"});
  ASSERT_TRUE(done) << done.error().describe();
  ASSERT_EQ(done->files.size(), 2U);
  EXPECT_EQ(done->files[1].role, "part");
  EXPECT_EQ(installed_bytes("repo", "model.onnx"), model);
  EXPECT_EQ(installed_bytes("repo", "odd-name.weights"), kWeights);
}

TEST_F(WithWeightsBeside, FromAUrlAndFromAFile) {
  const std::string model = onnx_with("m.onnx_data");
  nginx_.put("files/m.onnx", model);
  nginx_.put("files/m.onnx_data", kWeights);
  const std::string url = nginx_.url("/files/m.onnx") + "#sha256=" + sha256_hex(model);
  const std::string why = failure({.source = url, .name = {}, .task = "embedding"});
  EXPECT_NE(why.find("m.onnx_data"), std::string::npos) << why;
  EXPECT_TRUE(store_->list().empty());
  const auto done = pull({.source = url + "," + sha256_hex(kWeights), .name = {}, .task = "embedding"});
  ASSERT_TRUE(done) << done.error().describe();
  EXPECT_EQ(installed_bytes("m", "m.onnx_data"), kWeights);
  std::filesystem::create_directories(folder_ / "own");
  ASSERT_TRUE(disk_.write_file(folder_ / "own/m.onnx", model));
  ASSERT_TRUE(disk_.write_file(folder_ / "own/m.onnx_data", kWeights));
  const auto file = pull({.source = (folder_ / "own/m.onnx").string(), .name = "file", .task = "embedding"});
  ASSERT_TRUE(file) << file.error().describe();
  EXPECT_EQ(installed_bytes("file", "m.onnx_data"), kWeights);
}

TEST_F(WithWeightsBeside, MissingShortOrElsewhereIsRefused) {
  list({{"model.onnx", onnx_with("m.data")}});
  EXPECT_NE(failure({.source = "hf:org/repo", .name = {}, .task = "embedding"}).find("has no file m.data"),
            std::string::npos);
  list({{"model.onnx", onnx_with("m.data")}, {"m.data", "short"}});
  EXPECT_NE(failure({.source = "hf:org/repo", .name = {}, .task = "embedding"}).find("is cut off"), std::string::npos);
  list({{"other.onnx", onnx_with("deep/m.data")}, {"deep/m.data", kWeights}});
  EXPECT_NE(failure({.source = "hf:org/repo", .name = {}, .task = "embedding"}).find("in another folder"),
            std::string::npos);
  EXPECT_TRUE(store_->list().empty());
}

}  // namespace
}  // namespace hearth::models
