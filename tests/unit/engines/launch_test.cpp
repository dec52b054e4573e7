#include "launch.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <utility>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

class Launch : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "hearth-launch-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    spec_.manifest.name = "embed";
    spec_.manifest.folder = root_ / "embed";
    spec_.manifest.program = root_ / "embed/program";
    spec_.manifest.data = root_ / "embed";
    fs::create_directories(root_ / "embed");
    fs::permissions(root_ / "embed", fs::perms(0755));  // for another user, whatever this one's umask is
    std::ofstream(spec_.manifest.program) << "#!/bin/true\n";
    fs::permissions(spec_.manifest.program, fs::perms(0755));
    options_.runtime = root_ / "run";
    options_.sandbox = SandboxMode::best_effort;
    options_.cpus = 4;
  }
  void TearDown() override { fs::remove_all(root_); }
  Containment root_containment() {
    Containment c;
    c.level = Containment::Level::root;
    c.separate_user = true;
    c.bubblewrap = "/usr/bin/bwrap";
    return c;
  }

  fs::path root_;
  EngineSpec spec_;
  SupervisorOptions options_;
};

TEST_F(Launch, TakesThePersonsWordOverTheManifests) {
  spec_.manifest.concurrency = std::nullopt;
  EXPECT_EQ(make_terms(spec_, options_).slots, 4U);
  spec_.settings = {.concurrency = 2, .queue = 7, .memory = 1ULL << 30, .idle_stop = Millis(5)};
  spec_.settings.threads = 3;
  const Terms terms = make_terms(spec_, options_);
  EXPECT_EQ(terms.slots, 2U);
  EXPECT_EQ(terms.queue, 7U);
  EXPECT_EQ(terms.plan.limits.data, 1ULL << 30);
  EXPECT_EQ(terms.lifetimes.idle_stop, Millis(5));
  EXPECT_EQ(terms.plan.threads, 3U);
  EXPECT_EQ(terms.obstacle, "");
}

TEST_F(Launch, SetsAsideWhatTheManifestExpectsButNoMoreThanTheLimit) {
  EXPECT_EQ(make_terms(spec_, options_).memory, spec_.manifest.memory) << "nothing is expected: all it may use";
  spec_.manifest.reserve = 100 << 20;
  EXPECT_EQ(make_terms(spec_, options_).memory, 100ULL << 20);
  spec_.settings.memory = 50 << 20;
  EXPECT_EQ(make_terms(spec_, options_).memory, 50ULL << 20);
}

TEST_F(Launch, SpeechAndWhatItNeedsHaveALaneOfTheirOwn) {
  for (const auto& [task, lane] : {std::pair{Task::speech, Lane::interactive},
                                   {Task::transcription, Lane::interactive},
                                   {Task::media, Lane::interactive},
                                   {Task::embedding, Lane::open},
                                   {Task::ocr, Lane::open}}) {
    spec_.manifest.models = {{.id = "m", .task = task, .languages = {}, .description = {}}};
    EXPECT_EQ(make_terms(spec_, options_).lane, lane) << to_string(task);
  }
}

TEST_F(Launch, ReplacesPlaceholders) {
  spec_.manifest.args = {"--model={data}/m.bin", "-t", "{threads}"};
  const Terms terms = make_terms(spec_, options_);
  const std::string socket = (options_.runtime / "engines/embed/engine.sock").string();
  EXPECT_EQ(terms.plan.args,
            (std::vector<std::string>{"--socket", socket, "--data", spec_.manifest.data.string(), "--scratch",
                                      (options_.runtime / "scratch/embed").string(), "--threads", "4",
                                      "--model=" + spec_.manifest.data.string() + "/m.bin", "-t", "4"}));
}

TEST_F(Launch, RequestsBeyondItsPlacesLieReadyForTheEngine) {
  spec_.manifest.args = {"{socket}", "--parallel={slots}"};
  spec_.manifest.concurrency = 4;
  spec_.manifest.ahead = 3;
  const Terms terms = make_terms(spec_, options_);
  EXPECT_EQ(terms.slots, 7U);
  EXPECT_EQ(terms.plan.args.back(), "--parallel=4");
}

TEST_F(Launch, AForeignServerGetsItsOwnArgumentsOnly) {
  spec_.manifest.args = {"--host", "{socket}", "-m", "{data}/model.gguf"};
  const Terms terms = make_terms(spec_, options_);
  EXPECT_EQ(terms.plan.args.size(), 4U);
  EXPECT_EQ(terms.plan.args[0], "--host");
}

TEST_F(Launch, NamesWhatStandsInTheWay) {
  fs::remove(spec_.manifest.program);
  EXPECT_NE(make_terms(spec_, options_).obstacle.find("program"), std::string::npos);
  spec_.manifest.data = root_ / "nothing";
  std::ofstream(spec_.manifest.program) << "x";
  fs::permissions(spec_.manifest.program, fs::perms(0755));
  EXPECT_NE(make_terms(spec_, options_).obstacle.find("data"), std::string::npos);
  spec_.manifest.data = root_;
  options_.runtime = root_ / std::string(120, 'x');
  EXPECT_NE(make_terms(spec_, options_).obstacle.find("--data"), std::string::npos);
  options_.sandbox = SandboxMode::required;
  options_.containment.problem = "no bubblewrap";
  EXPECT_NE(make_terms(spec_, options_).obstacle.find("no bubblewrap"), std::string::npos);
}

TEST_F(Launch, APackMustBeThereAndSandboxed) {
  options_.packs = root_ / "packs";
  options_.containment = root_containment();
  spec_.manifest.pack = "llama.cpp";
  spec_.manifest.program_in_pack = true;
  spec_.manifest.program = "/usr/bin/llama-server";
  EXPECT_NE(make_terms(spec_, options_).obstacle.find("hearth engines install llama.cpp"), std::string::npos);

  const fs::path version = root_ / "packs/store/llama.cpp-1";
  fs::create_directories(version / "root/usr/bin");
  fs::create_directories(version / "root/etc");
  fs::create_directories(version / "root/proc");
  fs::create_directories(version / "root/var");
  fs::create_symlink("usr/bin", version / "root/bin");
  fs::create_directories(root_ / "packs/llama.cpp");
  fs::create_directory_symlink("../store/llama.cpp-1", root_ / "packs/llama.cpp/current");
  EXPECT_NE(make_terms(spec_, options_).obstacle.find("has no program /usr/bin/llama-server"), std::string::npos);

  std::ofstream(version / "root/usr/bin/llama-server") << "#!";
  fs::permissions(version / "root/usr/bin/llama-server", fs::perms(0755));
  const Terms terms = make_terms(spec_, options_);
  EXPECT_EQ(terms.obstacle, "");
  ASSERT_TRUE(terms.plan.pack);
  EXPECT_EQ(terms.plan.pack->id, "llama.cpp-1");
  EXPECT_EQ(terms.plan.pack->path, fs::canonical(version / "root"));
  EXPECT_EQ(terms.plan.pack->folders, (std::vector<std::string>{"etc", "usr"}));
  EXPECT_EQ(terms.plan.program, "/usr/bin/llama-server");

  options_.containment = Containment();
  options_.containment.problem = "no bubblewrap";
  const std::string obstacle = make_terms(spec_, options_).obstacle;
  EXPECT_NE(obstacle.find("takes a sandbox: no bubblewrap"), std::string::npos) << obstacle;

  options_.containment = root_containment();
  fs::remove_all(version);
  EXPECT_NE(make_terms(spec_, options_).obstacle.find("is damaged"), std::string::npos);
}

TEST_F(Launch, APackCanStandForTheHostsOwnPrograms) {
  options_.packs = root_ / "packs";
  options_.containment = root_containment();
  spec_.manifest.pack = "tools";
  spec_.manifest.program_in_pack = true;
  spec_.manifest.program = "/usr/bin/env";
  fs::create_directories(root_ / "packs/store/tools-system");
  fs::create_directory_symlink("/", root_ / "packs/store/tools-system/root");
  fs::create_directories(root_ / "packs/tools");
  fs::create_directory_symlink("../store/tools-system", root_ / "packs/tools/current");
  const Terms terms = make_terms(spec_, options_);
  EXPECT_EQ(terms.obstacle, "");
  EXPECT_FALSE(terms.plan.pack);
}

TEST_F(Launch, StaysRootWhereOthersCannotRead) {
  options_.containment = root_containment();
  EXPECT_EQ(make_terms(spec_, options_).plan.user_id, engine_user("embed"));
  std::ofstream(root_ / "embed/secret.bin") << "x";
  fs::permissions(root_ / "embed/secret.bin", fs::perms(0600));
  const Terms terms = make_terms(spec_, options_);
  EXPECT_EQ(terms.plan.user_id, 0U);
  EXPECT_NE(terms.containment.summary().find("without capabilities"), std::string::npos);
}

TEST(EngineUser, IsFromTheReservedRange) {
  for (const char* name : {"embed", "speech", "ocr", "x"}) {
    EXPECT_GE(engine_user(name), 65520U);
    EXPECT_LT(engine_user(name), 65534U);
  }
}

TEST_F(Launch, EmptiesFoldersAndKeepsThemPrivate) {
  const Terms terms = make_terms(spec_, options_);
  ASSERT_TRUE(prepare_folders(terms.plan));
  std::ofstream(terms.plan.scratch / "left") << "x";
  fs::create_directories(terms.plan.scratch / "deep/er");
  std::ofstream(terms.plan.socket_folder / "engine.sock") << "x";
  ASSERT_TRUE(prepare_folders(terms.plan));
  EXPECT_TRUE(fs::is_empty(terms.plan.scratch));
  EXPECT_TRUE(fs::is_empty(terms.plan.socket_folder));
  struct stat info{};
  ASSERT_EQ(::stat(terms.plan.scratch.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
}

}  // namespace
}  // namespace hearth::engines
