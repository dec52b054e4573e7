// kill -9 in the midst of pulling, again and again: what was there is used, and what is installed is whole.
#include "pull_bench.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <random>

namespace hearth::models {
namespace {

struct Host {
  pid_t pid = -1;
  FILE* out = nullptr;
};

Host start_host(const std::filesystem::path& store, const std::string& source, const std::string& hub) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) std::abort();
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], 1);
    close(ends[0]);
    execl(PULL_HOST, PULL_HOST, store.c_str(), source.c_str(), hub.c_str(), nullptr);
    _exit(127);
  }
  close(ends[1]);
  return {pid, fdopen(ends[0], "r")};
}

class Crash : public PullTest {};

TEST_F(Crash, KilledAtAnyPointItGoesOnAndEndsWhole) {
  const std::string model = tiny_model(6144);
  Nginx nginx(kHubLocations.substr(0, kHubLocations.find("location /cdn/")) +
              "location /cdn/ { limit_rate 1m; alias {ROOT}/files/; }");
  nginx.put("api/info.json", hub_info());
  nginx.put("api/tree.json", hub_tree("tiny-Q8_0.gguf", model.size(), sha256_hex(model)));
  nginx.put("files/tiny-Q8_0.gguf", model);

  std::minstd_rand chance(20'26);
  bool finished = false;
  int kills = 0;
  store_.reset();
  for (int round = 0; round < 200 && !finished; ++round) {
    const Host host = start_host(folder_ / "models", "hf:org/repo", nginx.url(""));
    // After so many lines of its output, wherever it is then: asking, loading, saving its state, hashing, installing.
    const auto patience = std::uniform_int_distribution<int>(1, 40)(chance);
    std::array<char, 4096> line{};
    int lines = 0;
    while (lines < patience && std::fgets(line.data(), line.size(), host.out) != nullptr) {
      ++lines;
      finished = finished || std::string_view(line.data()).find("\"installed\"") != std::string_view::npos;
    }
    kill(host.pid, SIGKILL);
    int status = 0;
    waitpid(host.pid, &status, 0);
    std::fclose(host.out);
    kills += WIFSIGNALED(status) ? 1 : 0;
    open_store();
    expect_no_half_model();
    ASSERT_LE(store_->list().size(), 1U);
    if (finished) {
      ASSERT_EQ(store_->list().size(), 1U) << "it said installed, and it is not";
    }
    store_.reset();
  }
  ASSERT_TRUE(finished);
  EXPECT_GE(kills, 3);
  open_store();
  EXPECT_EQ(installed_bytes("repo", "tiny-Q8_0.gguf"), model);
  // Going on means using what was there: all rounds together fetched little more than the file.
  std::uint64_t fetched = 0;
  for (const auto& served : nginx.served()) fetched += served.uri.starts_with("/cdn/") ? served.bytes : 0;
  EXPECT_LT(fetched, model.size() + static_cast<std::uint64_t>(kills + 1) * 1024 * 1024);
  EXPECT_TRUE(store_->verify("", {})->broken.empty());
}

}  // namespace
}  // namespace hearth::models
