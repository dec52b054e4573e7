// A SIGKILL at any instant: what was acknowledged is done in the end, and done once, as far as anybody outside can
// tell.
//
// A child takes calls, sends them into a world that it shares with nobody, notes the answers and tells webhooks; the
// parent kills it again and again. The world remembers by idempotency key, and the receiver by message: as they are to.
#include "asking.h"
#include "temp_dir.h"

#include <hearth/core/file.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

namespace hearth::deferred {
namespace {

namespace fs = std::filesystem;

constexpr WallTime kNow{Seconds(1'795'000'000)};
constexpr int kCalls = 120;
constexpr std::size_t kLarge = 40'000;  // larger than what the journal itself holds

// A file of lines, each written at once: what happened outside.
class Lines {
 public:
  explicit Lines(fs::path path) : path_(std::move(path)) {}
  void add(const std::string& line) const {
    const Fd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!write_all(fd.get(), line + "\n")) _exit(6);
  }
  [[nodiscard]] std::vector<std::string> read() const {
    std::vector<std::string> lines;
    const auto text = read_file(path_, 64 << 20);
    std::istringstream in(text.value_or(""));
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

 private:
  fs::path path_;
};

struct World {
  explicit World(const fs::path& dir) : effects(dir / "effects"), told(dir / "told") {}
  Lines effects;  // idempotency keys of what was done
  Lines told;     // ids of messages that came
};

std::string body_of(int number) {
  return std::string(number % 4 == 0 ? kLarge : 10, static_cast<char>('a' + number % 26));
}

Result<Job> take(Queue& queue, int number) {
  NewCall call;
  call.owner = {fmt::format("key_{}", number % 3), "tests"};
  HEARTH_TRY_ASSIGN(Content body, queue.keep(body_of(number)));
  call.request = {"/v1/embeddings", {}, std::move(body)};
  call.not_before = kNow;
  call.deadline = kNow + std::chrono::hours(1);
  call.webhook = "http://127.0.0.1:9/";
  call.client_key = fmt::format("call {}", number);  // a client that was not answered asks again, with the same key
  return add(queue, std::move(call), kNow);
}

// One attempt at whatever the plan wants next. False: there is nothing to do.
Result<bool> send_one(Queue& queue, const World& world, std::mt19937& random) {
  const Plan next = plan(queue.waiting(), {}, 1, {kNow, SteadyTime()});
  if (next.start.empty()) return false;
  HEARTH_TRY_ASSIGN(const Queue::Claimed claimed, claim(queue, next.start.front()));
  const Job& job = claimed.job;
  const std::string key = idempotency_key(job.id, job.progress.reruns);
  const std::vector<std::string> done = world.effects.read();
  const bool known = std::ranges::find(done, key) != done.end();
  if (!known && random() % 5 == 0) {  // the world has no time; nothing was done
    HEARTH_TRY(settle(queue, job.id, Event::not_now, std::nullopt, kNow));
    return true;
  }
  if (!known) world.effects.add(key);
  HEARTH_TRY_ASSIGN(std::string text, queue.read(claimed.request.body));
  HEARTH_TRY_ASSIGN(Content body, queue.keep(text + text));
  HEARTH_TRY(settle(queue, job.id, Event::answered, Answer{200, {}, std::move(body)}, kNow));
  return true;
}

Result<bool> tell_one(Queue& queue, const World& world, std::mt19937& random) {
  const std::vector<Queue::Pending> pending = queue.pending();
  if (pending.empty()) return false;
  const Delivery delivery = queue.delivery(pending[random() % pending.size()].id).value();
  const int status = random() % 4 == 0 ? 500 : 200;
  if (status == 200) world.told.add(fmt::format("{} {}", delivery.call, delivery.id));
  HEARTH_TRY(settle_delivery(queue, delivery.id, delivery_tried(delivery.progress, status, {}, kNow, 0)));
  return true;
}

// In the child: until all is done. `first`: the number of the first call that was not acknowledged.
[[noreturn]] void live(const fs::path& dir, unsigned seed, int first, int out) {
  auto store = store::StoreThread::start(dir / "hearth.db", store::schema());
  if (!store) _exit(3);
  auto queue = Queue::open(**store, dir / "deferred", {});
  if (!queue) _exit(4);
  const World world(dir);
  std::mt19937 random(seed);
  for (int idle = 0; idle < 50;) {
    Result<bool> did = false;
    switch (random() % 3) {
      case 0:
        if (first >= kCalls) break;
        if (const auto job = take(**queue, first); !job || !write_all(out, job->id + "\n")) _exit(5);
        ++first;
        did = true;
        break;
      case 1:
        did = send_one(**queue, world, random);
        break;
      default:
        did = tell_one(**queue, world, random);
    }
    if (!did) _exit(7);
    idle = *did ? 0 : idle + 1;
  }
  _exit(0);
}

// Kills it after so many acknowledged calls, or lets it end; its exit status.
int watch(int in, pid_t child, std::vector<std::string>& acknowledged, std::size_t kill_after) {
  std::string line;
  std::size_t seen = 0;
  bool killed = false;
  for (char c = 0; ::read(in, &c, 1) == 1;) {
    if (c != '\n') {
      line += c;
      continue;
    }
    acknowledged.push_back(std::exchange(line, {}));
    if (++seen >= kill_after && !killed) killed = kill(child, SIGKILL) == 0;
  }
  if (kill_after == 0 && !killed) kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(DeferredCrash, EachCallIsDoneOnceAndToldOnceAcrossManyKills) {
  const TempDir dir;
  std::mt19937 random(20261127);
  std::vector<std::string> acknowledged;
  int kills = 0;
  for (;;) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const auto seed = static_cast<unsigned>(random());
    const pid_t child = fork();
    // A thread of its own: this one has random bytes in store, and a child would give the same ids again.
    if (child == 0) std::thread([&] { live(dir.path(), seed, static_cast<int>(acknowledged.size()), ends[1]); }).join();
    close(ends[1]);
    const std::size_t kill_after = kills < 24 ? 1 + random() % 8 : std::size_t{1} << 30U;
    const int status = watch(ends[0], child, acknowledged, kill_after);
    close(ends[0]);
    if (WIFEXITED(status)) {
      ASSERT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ++kills;
  }
  EXPECT_GE(kills, 10);

  auto store = store::StoreThread::start(dir / "hearth.db", store::schema());
  ASSERT_TRUE(store);
  auto queue = Queue::open(**store, dir / "deferred", {});
  ASSERT_TRUE(queue) << queue.error().describe();
  const World world(dir.path());
  std::map<std::string, std::vector<std::string>> effects;  // by call
  for (const std::string& key : world.effects.read()) effects[key.substr(9, key.find('.') - 9)].push_back(key);
  std::map<std::string, std::set<std::string>> told;
  for (const std::string& line : world.told.read()) told[line.substr(0, line.find(' '))].insert(line);

  ASSERT_EQ(acknowledged.size(), static_cast<std::size_t>(kCalls));
  EXPECT_EQ(std::set<std::string>(acknowledged.begin(), acknowledged.end()).size(), acknowledged.size());
  for (int number = 0; number < kCalls; ++number) {
    const std::string& id = acknowledged[static_cast<std::size_t>(number)];
    const auto job = (*queue)->find(id, kEverything);
    ASSERT_TRUE(job) << id;
    EXPECT_EQ(job->progress.status, Status::done) << id;
    const auto got = answer(**queue, id, std::string(kEverything));
    ASSERT_TRUE(got) << got.error().describe();
    EXPECT_EQ((*queue)->read(got->body).value(), body_of(number) + body_of(number));
    EXPECT_EQ(effects[id].size(), 1U) << id;
    EXPECT_EQ(told[id].size(), 1U) << id;
    EXPECT_EQ(job->delivery->status, DeliveryStatus::delivered);
  }
  EXPECT_EQ((*queue)->list(kEverything).size(), acknowledged.size());
  EXPECT_TRUE((*queue)->pending().empty());
  // Nothing but the answers is left in the folder: a quarter of them, and those in files.
  EXPECT_EQ(std::distance(fs::directory_iterator(dir / "deferred"), fs::directory_iterator()), kCalls / 4);
}

}  // namespace
}  // namespace hearth::deferred
