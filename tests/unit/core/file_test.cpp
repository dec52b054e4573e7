#include <hearth/core/file.h>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace hearth {
namespace {

namespace fs = std::filesystem;

class File : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "hearth-file-test.XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override { fs::remove_all(dir_); }
  fs::path dir_;
};

TEST_F(File, WritesAndReadsBack) {
  const std::string content("a\0b\n", 4);
  ASSERT_TRUE(write_file_atomic(dir_ / "x", content, 0600));
  EXPECT_EQ(read_file(dir_ / "x", 4).value(), content);
  struct stat st{};
  ASSERT_EQ(::stat((dir_ / "x").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777U, 0600U);
}

TEST_F(File, ReplacingLeavesNothingBeside) {
  ASSERT_TRUE(write_file_atomic(dir_ / "x", "a long old content"));
  ASSERT_TRUE(write_file_atomic(dir_ / "x", "new"));
  EXPECT_EQ(read_file(dir_ / "x", 100).value(), "new");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 1);
}

TEST_F(File, ReadingIsBounded) {
  ASSERT_TRUE(write_file_atomic(dir_ / "x", "12345"));
  EXPECT_TRUE(read_file(dir_ / "x", 4).error().is(Errc::too_large));
  EXPECT_TRUE(read_file(dir_ / "none", 4).error().is(Errc::not_found));
  EXPECT_EQ(read_file(dir_, 4).error().kind(), Errc::io_error);
}

TEST_F(File, WritingWhereNothingCanBeIsAnError) {
  EXPECT_FALSE(write_file_atomic(dir_ / "no-such-dir" / "x", "a").has_value());
  const Fd read_only(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(write_all(read_only.get(), "a").has_value());
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full);
  EXPECT_EQ(write_all(full.get(), "a").error().code(), std::errc::no_space_on_device);
}

TEST_F(File, ATemporaryFileHasNoName) {
  const auto fd = open_temporary(dir_);
  ASSERT_TRUE(fd.has_value());
  ASSERT_TRUE(write_all(fd->get(), "abc"));
  char buffer[4] = {};
  EXPECT_EQ(::pread(fd->get(), buffer, sizeof buffer, 0), 3);
  EXPECT_TRUE(fs::is_empty(dir_));
  EXPECT_FALSE(open_temporary(dir_ / "none").has_value());
}

TEST_F(File, AnFdIsClosedOnceAndMoves) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  Fd read_end(pipe_ends[0]);
  {
    Fd write_end(pipe_ends[1]);
    const Fd moved(std::move(write_end));
    EXPECT_FALSE(write_end);  // NOLINT(bugprone-use-after-move): that it is empty is the point
    EXPECT_TRUE(moved);
  }
  char c = 0;
  EXPECT_EQ(::read(read_end.get(), &c, 1), 0);  // end of file: the writing end is closed
}

}  // namespace
}  // namespace hearth
