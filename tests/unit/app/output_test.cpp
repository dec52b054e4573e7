#include "output.h"

#include <hearth/core/file.h>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace hearth::tool {
namespace {

namespace fs = std::filesystem;

class OutputTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "hearth-output-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_;
};

TEST_F(OutputTest, AppearsWholeOrNotAtAll) {
  const std::string path = (folder_ / "out.txt").string();
  {
    auto output = Output::open(path);
    ASSERT_TRUE(output);
    ASSERT_TRUE(output->write("half"));
    EXPECT_FALSE(fs::exists(path));
  }
  EXPECT_EQ(files(), 0U) << "what was not finished is gone";
  auto output = Output::open(path);
  ASSERT_TRUE(output);
  ASSERT_TRUE(output->write("whole"));
  ASSERT_TRUE(output->finish());
  EXPECT_EQ(read_file(path, 100).value(), "whole");
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputTest, KeepsTheOldFileUntilTheEndAndItsMode) {
  const std::string path = (folder_ / "out.txt").string();
  std::ofstream(path) << "old";
  ::chmod(path.c_str(), 0640);
  auto output = Output::open(path);
  ASSERT_TRUE(output);
  ASSERT_TRUE(output->write("new"));
  EXPECT_EQ(read_file(path, 100).value(), "old");
  ASSERT_TRUE(output->finish());
  EXPECT_EQ(read_file(path, 100).value(), "new");
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0640U);
}

TEST_F(OutputTest, WritesThroughALinkInsteadOfReplacingIt) {
  const fs::path target = folder_ / "target.txt";
  std::ofstream(target) << "old";
  fs::create_symlink(target, folder_ / "link.txt");
  auto output = Output::open((folder_ / "link.txt").string());
  ASSERT_TRUE(output);
  ASSERT_TRUE(output->write("new"));
  ASSERT_TRUE(output->finish());
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.txt"));
  EXPECT_EQ(read_file(target, 100).value(), "new");
}

TEST_F(OutputTest, ADeviceIsWrittenDirectly) {
  auto output = Output::open("/dev/null");
  ASSERT_TRUE(output);
  EXPECT_FALSE(output->can_seek());
  EXPECT_TRUE(output->write("x"));
  EXPECT_TRUE(output->finish());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(OutputTest, SaysWhatIsWrong) {
  const auto missing = Output::open((folder_ / "no/such/out.txt").string());
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().is(Errc::not_found));
  const auto folder = Output::open(folder_.string());
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message().find("folder"), std::string::npos);
}

TEST_F(OutputTest, TheBeginningCanBeWrittenLast) {
  const std::string path = (folder_ / "out.npy").string();
  auto output = Output::open(path);
  ASSERT_TRUE(output);
  ASSERT_TRUE(output->can_seek());
  ASSERT_TRUE(output->write("....rows"));
  ASSERT_TRUE(output->write_at_start("head"));
  ASSERT_TRUE(output->write("more"));
  ASSERT_TRUE(output->finish());
  EXPECT_EQ(read_file(path, 100).value(), "headrowsmore");
}

}  // namespace
}  // namespace hearth::tool
