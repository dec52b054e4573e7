#include <hearth/config/config.h>
#include <hearth/core/file.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace hearth::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Load : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "hearth_config.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
    paths_ = {dir_ / "hearth.yaml", dir_ / "data", dir_ / "run"};
  }
  void TearDown() override {
    for (const std::string& name : set_) unsetenv(name.c_str());
    std::filesystem::remove_all(dir_);
  }
  void env(const std::string& name, const std::string& value) {
    setenv(name.c_str(), value.c_str(), 1);
    set_.push_back(name);
  }
  void file(std::string_view text) { ASSERT_TRUE(write_file_atomic(paths_.config_file, text)); }

  std::filesystem::path dir_;
  Paths paths_;
  std::vector<std::string> set_;
};

TEST_F(Load, NoFileMeansDefaults) {
  const auto config = load(paths_);
  ASSERT_TRUE(config) << config.error().describe();
  EXPECT_FALSE(config->file_was_read);
  EXPECT_EQ(config->paths.data, paths_.data);
  EXPECT_THAT(config->server.listen, ElementsAre("127.0.0.1:8420"));
}

TEST_F(Load, MistakesNameTheFile) {
  file("server:\n  prot: 1\n");
  const auto config = load(paths_);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message(), HasSubstr(paths_.config_file.string() + ":2: unknown key 'server.prot'"));
}

TEST_F(Load, AFileThatCannotBeReadIsNotSilentlySkipped) {
  std::filesystem::create_directory(paths_.config_file);
  const auto config = load(paths_);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().describe(), HasSubstr(paths_.config_file.string()));
}

TEST_F(Load, TheEnvironmentOverridesTheFile) {
  file("server: { listen: '127.0.0.1:1', connections: 5 }\nengines: { speech: { threads: 1 } }\n");
  env("HEARTH_SERVER_LISTEN", "0.0.0.0:2, [::1]:3");
  env("HEARTH_LIMITS_UPLOAD", "2 GiB");
  env("HEARTH_LOG_LEVEL", "warn");
  env("HEARTH_ENGINES_SANDBOX", "off");
  env("HEARTH_ENGINES_SPEECH_THREADS", "3");
  env("HEARTH_ENGINES_MY_VOICE_KEEP_WARM", "true");
  const auto config = load(paths_);
  ASSERT_TRUE(config) << config.error().describe();
  EXPECT_THAT(config->server.listen, ElementsAre("0.0.0.0:2", "[::1]:3"));
  EXPECT_EQ(config->server.connections, 5U);
  EXPECT_EQ(config->limits.upload, 2ULL << 30);
  EXPECT_EQ(config->log.level, log::Level::warn);
  EXPECT_EQ(config->engines.sandbox, SandboxMode::off);
  EXPECT_EQ(config->engines.overrides.at("speech").threads, 3U);
  EXPECT_EQ(config->engines.overrides.at("my-voice").keep_warm, true);
}

TEST_F(Load, AnEmptyVariableIsAnEmptyList) {
  env("HEARTH_SERVER_LISTEN", "");
  const auto config = load(paths_);
  ASSERT_TRUE(config);
  EXPECT_THAT(config->server.listen, IsEmpty());
}

TEST_F(Load, WrongVariablesAreNamed) {
  env("HEARTH_SERVER_CONNECTIONS", "many");
  env("HEARTH_SERVER_LISTN", "x");
  const auto config = load(paths_);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().message(), AllOf(HasSubstr("HEARTH_SERVER_CONNECTIONS: server.connections: 'many'"),
                                              HasSubstr("HEARTH_SERVER_LISTN: "), HasSubstr("HEARTH_SERVER_LISTEN")));
}

TEST_F(Load, OtherVariablesOfOursAreNotSettings) {
  env("HEARTH_ENGINES", "/somewhere/engines");
  env("HEARTH_URL", "http://127.0.0.1:8420");
  EXPECT_TRUE(load(paths_));
}

}  // namespace
}  // namespace hearth::config
