#include "temp_dir.h"

#include <hearth/store/data_lock.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace hearth::store {
namespace {

using testing::HasSubstr;

TEST(DataLock, CreatesTheFolderForItsOwnerOnly) {
  const TempDir dir;
  const auto lock = DataLock::acquire(dir / "a/b");
  ASSERT_TRUE(lock) << lock.error().describe();
  struct stat st{};
  ASSERT_EQ(stat((dir / "a/b").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777U, 0700U);
}

TEST(DataLock, ASecondHolderIsRefusedUntilTheFirstLetsGo) {
  const TempDir dir;
  {
    const auto first = DataLock::acquire(dir.path());
    ASSERT_TRUE(first);
    const auto second = DataLock::acquire(dir.path());
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().is(Errc::failed_precondition));
    EXPECT_THAT(second.error().message(),
                HasSubstr(fmt::format("in use by another hearthd (process {}); stop it", getpid())));
  }
  EXPECT_TRUE(DataLock::acquire(dir.path()));
}

TEST(DataLock, TheKernelReleasesItWhenTheHolderIsKilled) {
  const TempDir dir;
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = DataLock::acquire(dir.path());
    const char answer = lock ? 'y' : 'n';
    if (write(pipe_ends[1], &answer, 1) != 1) _exit(1);
    for (;;) pause();
  }
  char answer = 0;
  ASSERT_EQ(read(pipe_ends[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  const auto refused = DataLock::acquire(dir.path());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr(fmt::format("process {}", child)));
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(DataLock::acquire(dir.path()));
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

TEST(DataLock, AFolderThatCannotBeThereIsAClearError) {
  const auto lock = DataLock::acquire("/proc/hearth");
  ASSERT_FALSE(lock);
  EXPECT_TRUE(lock.error().is(Errc::failed_precondition));
  EXPECT_THAT(lock.error().message(), HasSubstr("the data folder /proc/hearth cannot be written"));
}

}  // namespace
}  // namespace hearth::store
