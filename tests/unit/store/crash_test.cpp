// What was acknowledged is there after a SIGKILL at any instant.
#include "temp_dir.h"

#include <hearth/store/keys.h>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace hearth::store {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
constexpr std::size_t kKeyLength = 50;

// In the child: makes keys without end and tells each one as soon as it is acknowledged.
[[noreturn]] void make_keys(const std::filesystem::path& file, int out) {
  auto store = StoreThread::start(file, schema());
  if (!store) _exit(3);
  auto keys = KeyStore::open(**store);
  if (!keys) _exit(4);
  for (;;) {
    std::promise<void> told;
    (*keys)->create("key", std::nullopt, kNow, [&](const Result<NewKey>& made) {
      if (!made || ::write(out, made->key.data(), made->key.size()) != static_cast<ssize_t>(kKeyLength)) _exit(5);
      told.set_value();
    });
    told.get_future().wait();
  }
}

TEST(Crash, NothingAcknowledgedIsLost) {
  const TempDir dir;
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 8; ++round) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    // A thread of its own: this one may have random bytes in store, and a child would make the same keys again.
    if (child == 0) std::thread(make_keys, dir / "keys.db", ends[1]).join();
    close(ends[1]);
    // Each round kills after another number of keys; the child is then somewhere in its next write.
    std::string key(kKeyLength, '\0');
    for (int i = 0; i < 1 + round * 7; ++i) {
      ASSERT_EQ(read(ends[0], key.data(), kKeyLength), static_cast<ssize_t>(kKeyLength));
      acknowledged.push_back(key);
    }
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << WEXITSTATUS(status);
    while (read(ends[0], key.data(), kKeyLength) == static_cast<ssize_t>(kKeyLength)) acknowledged.push_back(key);
    close(ends[0]);

    auto store = StoreThread::start(dir / "keys.db", schema());
    ASSERT_TRUE(store) << store.error().describe();
    auto keys = KeyStore::open(**store);
    ASSERT_TRUE(keys);
    for (const std::string& made : acknowledged) EXPECT_TRUE((*keys)->verify(made, kNow)) << "round " << round;
    // At most the one key that was committed but not yet told may be there besides.
    EXPECT_LE((*keys)->list().size(), acknowledged.size() + static_cast<std::size_t>(round) + 1);
  }
}

}  // namespace
}  // namespace hearth::store
