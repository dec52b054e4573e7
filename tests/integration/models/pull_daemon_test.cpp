// The whole way: `hearth pull` and `hearth models` against a hearthd and a hub on loopback.
#include "pull_bench.h"

#include <hearth/store/database.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

namespace hearth::models {
namespace {

namespace json = boost::json;

struct Ran {
  int exit = -1;
  std::string out;
};

class Box : public PullTest {
 protected:
  Box() : nginx_(kHubLocations) {
    nginx_.put("api/info.json", hub_info());
    nginx_.put("api/tree.json", hub_tree("tiny-Q8_0.gguf", model_.size(), sha256_hex(model_)));
    nginx_.put("files/tiny-Q8_0.gguf", model_);
    data_ = folder_ / "box";
    std::filesystem::create_directories(data_);
    // llama.cpp's engine without its pack.
    std::filesystem::create_directories(folder_ / "no-packs/llama");
    std::filesystem::copy_file(LLAMA_MANIFEST, folder_ / "no-packs/llama/engine.yaml");
    std::ofstream(data_ / "hearth.yaml") << fmt::format("models:\n  endpoint_hf: {}\n  keep_free: 0\n", nginx_.url(""));
    daemon_ = ServerProcess::start({"env", "HEARTH_ENGINES=" + (folder_ / "no-packs").string(), HEARTHD_PROGRAM,
                                    "--data", data_.string(), "--listen", "127.0.0.1:0"},
                                   folder_ / "hearthd.log");
    const Deadline deadline = Deadline::in(Seconds(60));
    while (!deadline.passed() && tool("status").exit != 0) {
    }
  }

  // Its standard output and standard error together.
  [[nodiscard]] Ran tool(const std::string& arguments) const {
    const std::string command = fmt::format("{} --data {} {} 2>&1", HEARTH_PROGRAM, data_.string(), arguments);
    FILE* pipe = popen(command.c_str(), "r");
    Ran ran;
    std::array<char, 4096> buffer{};
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) ran.out.append(buffer.data(), n);
    const int status = pclose(pipe);
    ran.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ran;
  }

  std::string model_ = tiny_model(512);
  Nginx nginx_;
  std::filesystem::path data_;
  ServerProcess daemon_;
};

TEST_F(Box, PullsListsVerifiesAndRemoves) {
  const Ran pulled = tool("pull hf:org/repo --name tiny");
  ASSERT_EQ(pulled.exit, 0) << pulled.out;
  EXPECT_NE(pulled.out.find("tiny is installed: chat"), std::string::npos) << pulled.out;
  EXPECT_NE(pulled.out.find("`hearth engines install llama.cpp` makes the engine that runs it"), std::string::npos)
      << pulled.out;
  const auto file = data_ / "models/tiny/tiny-Q8_0.gguf";
  EXPECT_EQ(read_file(file, 1U << 30U).value_or(""), model_);
  EXPECT_NE(tool("pull hf:org/repo --name tiny").out.find("was installed already"), std::string::npos);
  const Ran events = tool("pull hf:org/repo --name other --json");
  EXPECT_NE(events.out.find("\"event\":\"resolved\""), std::string::npos) << events.out;
  EXPECT_NE(events.out.find("\"event\":\"installed\""), std::string::npos) << events.out;

  EXPECT_NE(tool("models installed").out.find("hf:org/repo"), std::string::npos);
  const Ran shown = tool("models show tiny");
  EXPECT_NE(shown.out.find(sha256_hex(model_)), std::string::npos) << shown.out;
  EXPECT_EQ(tool("models show nothing").exit, 1);
  const Ran catalogue = tool("models available chat");
  EXPECT_NE(catalogue.out.find("qwen3-1.7b"), std::string::npos) << catalogue.out;

  EXPECT_EQ(tool("models verify").exit, 0);
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  std::ofstream(file, std::ios::in | std::ios::out | std::ios::binary).write("X", 1);
  const Ran broken = tool("models verify tiny");
  EXPECT_EQ(broken.exit, 1);
  EXPECT_NE(broken.out.find("hearth pull hf:org/repo --name tiny"), std::string::npos) << broken.out;
  const Ran mended = tool("pull hf:org/repo --name tiny");
  EXPECT_EQ(mended.exit, 0) << mended.out;
  EXPECT_EQ(tool("models verify tiny").exit, 0);

  EXPECT_EQ(tool("models rm tiny").exit, 0);
  EXPECT_EQ(tool("models rm other").exit, 0);
  EXPECT_EQ(tool("models rm other").exit, 1);
  EXPECT_EQ(tool("models gc").exit, 0);
  EXPECT_TRUE(std::filesystem::is_empty(data_ / "models/blobs"));
}

TEST_F(Box, WhatPullsTookIsInTheLedger) {
  ASSERT_EQ(tool("pull hf:org/repo --name tiny").exit, 0);
  EXPECT_NE(tool("pull http://127.0.0.1:1/nobody.gguf --name nobody --task chat").exit, 0);
  // A connection is complete when it is closed, which it is soon after the pull; the limit only guards against hanging.
  const auto rows = [&] { return json::parse(tool("egress report --json").out).at("data").as_array(); };
  const Deadline deadline = Deadline::in(Seconds(60));
  json::array found = rows();
  const auto open = [&] {
    return std::ranges::any_of(found, [](const json::value& row) { return row.at("unfinished").to_number<int>() > 0; });
  };
  while (!deadline.passed() && open()) found = rows();
  ASSERT_EQ(found.size(), 1U) << json::serialize(found);
  const json::object& row = found[0].as_object();
  EXPECT_EQ(row.at("purpose").as_string(), "pull");
  EXPECT_EQ(row.at("class").as_string(), "internal");
  EXPECT_EQ(row.at("who").as_string(), "models");
  EXPECT_EQ(row.at("destination").as_string(), fmt::format("127.0.0.1:{}", nginx_.port()));
  EXPECT_EQ(row.at("rule").as_string(), "named: 127.0.0.1");
  EXPECT_EQ(row.at("unfinished").to_number<int>(), 0);
  EXPECT_GT(row.at("bytes_sent").to_number<std::uint64_t>(), 100U);
  EXPECT_GT(row.at("bytes_received").to_number<std::uint64_t>(), model_.size());
  const Ran verified = tool("egress verify");
  EXPECT_EQ(verified.exit, 0) << verified.out;
}

TEST_F(Box, WhatCannotBeRecordedIsNotPulled) {
  // Its records are not what it left there.
  auto db = store::Connection::open(data_ / "hearth.db");
  ASSERT_TRUE(db);
  ASSERT_TRUE(db->execute("UPDATE egress_head SET note = 'another'"));
  const Ran refused = tool("pull hf:org/repo --name tiny");
  EXPECT_NE(refused.exit, 0);
  EXPECT_NE(refused.out.find("hearth egress verify"), std::string::npos) << refused.out;
  EXPECT_TRUE(nginx_.served().empty());
}

TEST_F(Box, RefusalsAreSentencesWithAnExitCode) {
  const Ran unknown = tool("pull qwen3-1.7");
  EXPECT_NE(unknown.exit, 0);
  EXPECT_NE(unknown.out.find("did you mean qwen3-1.7b?"), std::string::npos) << unknown.out;
  const Ran nonsense = tool("pull 'not a source'");
  EXPECT_EQ(nonsense.exit, 5) << nonsense.out;
  const Ran nothing = tool("pull hf:org/repo:Q2_K");
  EXPECT_NE(nothing.out.find("tiny-Q8_0.gguf"), std::string::npos) << nothing.out;
}

}  // namespace
}  // namespace hearth::models
