// One budget of memory for all engines, with real processes that use it.
#include "engine_bench.h"

#include <hearth/hardware/memory.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace hearth::test {
namespace {

using engines::EngineStatus;
using engines::State;

// The thread sanitizer keeps two bytes of its own for each that a program touches.
#if __has_feature(thread_sanitizer)
constexpr std::uint64_t kWeight = 3;
#else
constexpr std::uint64_t kWeight = 1;
#endif
constexpr std::uint64_t kMiB = (1ULL << 20) * kWeight;  // as it is measured

// What all children of this process use, seen from outside the supervisor, at 20 Hz on a thread of its own.
class OutsideView {
 public:
  OutsideView() : thread_([this] { watch(); }) {}
  ~OutsideView() { end(); }
  OutsideView(const OutsideView&) = delete;
  OutsideView& operator=(const OutsideView&) = delete;
  std::uint64_t end() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    return most_;
  }
  [[nodiscard]] int samples() const { return samples_; }

 private:
  void watch() {
    std::unique_lock lock(mutex_);
    while (!ended_) {
      std::uint64_t sum = 0;
      for (const pid_t pid : hardware::process_tree(::getpid())) {
        if (pid != ::getpid()) sum += hardware::process_memory(pid);
      }
      most_ = std::max(most_, sum);
      ++samples_;
      wake_.wait_for(lock, Millis(50));
    }
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ended_ = false;
  std::uint64_t most_ = 0;
  int samples_ = 0;
  std::thread thread_;
};

// Engines that use 80 MiB each and may use 128.
std::vector<EngineKind> kinds(const std::vector<std::string>& names) {
  std::vector<EngineKind> kinds;
  for (const std::string& name : names)
    kinds.push_back(
        {.name = name, .args = {"--hold=80"}, .more = fmt::format("memory: {} MiB\nconcurrency: 2\n", 128 * kWeight)});
  return kinds;
}

engines::Policy quick() {
  engines::Policy policy;
  policy.sample_every = Millis(100);
  policy.idle_sample_every = Millis(100);
  policy.memory_wait = kEndless;
  return policy;
}

Bench::Adjust budget(std::uint64_t bytes, Millis turn = Millis(200)) {
  return [bytes, turn](engines::SupervisorOptions& options, std::vector<engines::EngineSpec>&) {
    options.memory_budget = bytes;
    options.memory_floor = 0;
    options.ledger.turn_time = turn;
  };
}

struct Answers {
  explicit Answers(net::Executor executor) : tasks(executor) {}
  int ok = 0;
  std::vector<Error> errors;
  net::TaskGroup tasks;
  awaitable<bool> all() { return tasks.wait(Deadline::in(kPatience)); }
};

awaitable<void> ask_into(Bench& bench, Answers& answers, std::string engine, std::string target) {
  const auto answer = co_await bench.ask("POST", std::move(target), std::move(engine));
  answer ? static_cast<void>(++answers.ok) : answers.errors.push_back(answer.error());
}

awaitable<void> ask_again_and_again(Bench& bench, Answers& answers, std::string engine, int times) {
  for (int i = 0; i < times; ++i) co_await ask_into(bench, answers, engine, "/sleep?ms=5");
}

CO_TEST(EngineMemory, TheBudgetHoldsUnderChurnAndEverybodyIsServed) {
  constexpr std::uint64_t kBudget = 170 * kMiB;  // for one at a time, also when their use was learned
  const auto executor = co_await boost::asio::this_coro::executor;
  Bench bench(executor, kinds({"a", "b", "c"}), quick(), {}, budget(kBudget));
  co_await bench.start();
  OutsideView outside;
  Answers answers(executor);
  for (const char* engine : {"a", "b", "c", "a", "b", "c"})
    answers.tasks.spawn("ask", ask_again_and_again(bench, answers, engine, 40));
  const bool done = co_await answers.all();
  EXPECT_TRUE(done);
  EXPECT_EQ(answers.ok, 240);
  for (const Error& error : answers.errors) ADD_FAILURE() << error.describe();
  const std::uint64_t most = outside.end();
  EXPECT_LE(most, kBudget);
  EXPECT_GE(most, 80 * kMiB) << "the view from outside sees nothing";
  const engines::MemoryStatus memory = bench.supervisor().memory();
  EXPECT_GE(memory.evictions, 2U);
  EXPECT_LE(memory.reserved, kBudget);
  fmt::print("at most {:.0f} of {:.0f} MiB in {} samples, {} evictions\n", static_cast<double>(most) / kMiB,
             static_cast<double>(kBudget) / kMiB, outside.samples(), memory.evictions);
  for (const char* engine : {"a", "b", "c"}) EXPECT_EQ(bench.status(engine).restarts, 0U);
  co_await answers.tasks.stop();
  co_await bench.stop();
}

CO_TEST(EngineMemory, WorkInFlightIsNotEvicted) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Bench bench(executor, kinds({"a", "b"}), quick(), {}, budget(200 * kMiB));
  co_await bench.start();
  const auto warm = co_await bench.ask("GET", "/echo", "a");
  EXPECT_TRUE(warm);
  const ProcessWatch process(static_cast<pid_t>(bench.status("a").pid));
  Answers answers(executor);
  auto work = co_await bench.take_place("a");
  CO_ASSERT(work);
  answers.tasks.spawn("wants", ask_into(bench, answers, "b", "/sleep?ms=1"));
  const bool waits = co_await eventually([&] { return bench.status("b").why.find("in use (a)") != std::string::npos; });
  EXPECT_TRUE(waits) << bench.status("b").why;
  // Its turn is due long before the other's work is done; what comes now for the other waits.
  co_await net::sleep_for(Millis(600));
  answers.tasks.spawn("later", ask_into(bench, answers, "a", "/sleep?ms=1"));
  co_await net::sleep_for(Millis(100));
  EXPECT_FALSE(process.ended());
  EXPECT_EQ(bench.status("b").state, State::reserving);
  EXPECT_EQ(bench.status("a").in_flight, 1U);
  work->finish(engines::Outcome::ok);
  const bool done = co_await answers.all();
  EXPECT_TRUE(done);
  EXPECT_EQ(answers.ok, 2) << "all were served, one after the other";
  EXPECT_TRUE(process.ends());
  EXPECT_EQ(bench.status("a").restarts + bench.status("b").restarts, 0U);
  co_await answers.tasks.stop();
  co_await bench.stop();
}

CO_TEST(EngineMemory, EvictionMakesRoomAndNoMoreThanThat) {
  std::vector<EngineKind> three = kinds({"a", "b", "c"});
  three.front().args.emplace_back("--slow-start=1500");  // so that b is the one that is cheaper to start again
  Bench bench(co_await boost::asio::this_coro::executor, three, quick(), {}, budget(260 * kMiB));
  co_await bench.start();
  for (const char* engine : {"a", "b", "a"}) {
    const auto answer = co_await bench.ask("GET", "/echo", engine);
    EXPECT_TRUE(answer);
  }
  const auto pid = bench.status("a").pid;
  const auto answer = co_await bench.ask("GET", "/echo", "c");
  EXPECT_TRUE(answer);
  EXPECT_EQ(bench.status("b").state, State::stopped);
  EXPECT_EQ(bench.status("b").last_error, "");
  EXPECT_EQ(bench.status("a").state, State::ready);
  EXPECT_EQ(bench.status("a").pid, pid);
  EXPECT_EQ(bench.supervisor().memory().evictions, 1U);
  co_await bench.stop();
}

CO_TEST(EngineMemory, WhatCanNeverFitIsRefusedAtOnceAndHurtsNobody) {
  std::vector<EngineKind> two = kinds({"a"});
  two.push_back({.name = "big", .args = {}, .more = fmt::format("memory: {} MiB\n", 512 * kWeight)});
  Bench bench(co_await boost::asio::this_coro::executor, two, quick(), {}, budget(200 * kMiB));
  co_await bench.start();
  const auto warm = co_await bench.ask("GET", "/echo", "a");
  EXPECT_TRUE(warm);
  const auto pid = bench.status("a").pid;
  const auto refused = co_await bench.ask("GET", "/echo", "big");
  CO_ASSERT(!refused);
  EXPECT_TRUE(refused.error().is(Errc::failed_precondition)) << refused.error().describe();
  EXPECT_NE(refused.error().message().find("engines.memory_budget"), std::string::npos) << refused.error().message();
  EXPECT_EQ(bench.status("big").state, State::stopped);
  EXPECT_EQ(bench.status("a").pid, pid);
  co_await bench.stop();
}

CO_TEST(EngineMemory, WaitingForMemoryHasAnEnd) {
  engines::Policy policy = quick();
  policy.memory_wait = Millis(300);
  Bench bench(co_await boost::asio::this_coro::executor, kinds({"a", "b"}), policy, {}, budget(200 * kMiB));
  co_await bench.start();
  const auto warm = co_await bench.ask("GET", "/echo", "a");
  EXPECT_TRUE(warm);
  auto work = co_await bench.take_place("a");
  CO_ASSERT(work);
  const auto late = co_await bench.ask("GET", "/echo", "b");
  CO_ASSERT(!late);
  EXPECT_TRUE(late.error().is(Errc::resource_exhausted)) << late.error().describe();
  EXPECT_NE(late.error().message().find("waits for memory"), std::string::npos) << late.error().message();
  EXPECT_GE(bench.supervisor().retry_after("b"), Seconds(1));
  EXPECT_EQ(bench.status("b").state, State::stopped) << "nobody waits for it any more";
  EXPECT_EQ(bench.status("a").state, State::ready);
  work->finish(engines::Outcome::ok);
  // So short a wait may be over before the other's process is gone.
  bool served = false;
  for (int i = 0; i < 300 && !served; ++i) {
    const auto next = co_await bench.ask("GET", "/echo", "b");
    served = next.has_value();
  }
  EXPECT_TRUE(served);
  co_await bench.stop();
}

CO_TEST(EngineMemory, WhatIsKeptWarmStays) {
  const auto adjust = [](engines::SupervisorOptions& options, std::vector<engines::EngineSpec>& specs) {
    budget(200 * kMiB)(options, specs);
    specs.front().settings.keep_warm = true;
  };
  Bench bench(co_await boost::asio::this_coro::executor, kinds({"a", "b"}), quick(), {}, adjust);
  co_await bench.start();
  const bool ready = co_await eventually([&] { return bench.status("a").state == State::ready; });
  EXPECT_TRUE(ready);
  const auto refused = co_await bench.ask("GET", "/echo", "b");
  CO_ASSERT(!refused);
  EXPECT_NE(refused.error().message().find("kept warm"), std::string::npos) << refused.error().message();
  EXPECT_EQ(bench.status("a").state, State::ready);
  co_await bench.stop();
}

void write_proc(const fs::path& proc, std::uint64_t available_mib) {
  fs::create_directories(proc);
  std::ofstream(proc / "new") << fmt::format("MemTotal: {} kB\nMemAvailable: {} kB\n", 8192 * 1024,
                                             available_mib * 1024);
  fs::rename(proc / "new", proc / "meminfo");
}

CO_TEST(EngineMemory, WhenTheMachineIsShortIdleOnesLeaveFirst) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const TemporaryFolder proc;
  write_proc(proc.path(), 4096);
  const auto adjust = [&](engines::SupervisorOptions& options, std::vector<engines::EngineSpec>&) {
    options.memory_budget = 1024 * kMiB;
    options.memory_floor = 512 * kMiB;
    options.proc = proc.path();
  };
  Bench bench(executor, kinds({"a", "b"}), quick(), {}, adjust);
  co_await bench.start();
  for (const char* engine : {"a", "b"}) {
    const auto answer = co_await bench.ask("GET", "/echo", engine);
    EXPECT_TRUE(answer);
  }
  Answers answers(executor);
  auto work = co_await bench.take_place("a");
  CO_ASSERT(work);
  write_proc(proc.path(), 400);
  const bool left = co_await eventually([&] { return bench.status("b").state == State::stopped; });
  EXPECT_TRUE(left);
  EXPECT_EQ(bench.status("a").state, State::ready) << "it works";
  EXPECT_LT(bench.supervisor().memory().usable, 1024 * kMiB);
  // Nothing starts while others need the memory; when they have gone, it does.
  answers.tasks.spawn("wants", ask_into(bench, answers, "b", "/sleep?ms=1"));
  const bool waits =
      co_await eventually([&] { return bench.status("b").why.find("other programs") != std::string::npos; });
  EXPECT_TRUE(waits) << bench.status("b").why;
  EXPECT_EQ(bench.status("b").state, State::reserving);
  work->finish(engines::Outcome::ok);
  write_proc(proc.path(), 4096);
  const bool done = co_await answers.all();
  EXPECT_TRUE(done);
  EXPECT_EQ(answers.ok, 1);
  co_await answers.tasks.stop();
  co_await bench.stop();
}

CO_TEST(EngineMemory, WhatWasLearnedOutlivesTheDaemon) {
  const auto executor = co_await boost::asio::this_coro::executor;
  const TemporaryFolder data;
  const auto adjust = [&](engines::SupervisorOptions& options, std::vector<engines::EngineSpec>&) {
    options.learned_file = data.path() / "learned";
  };
  {
    Bench bench(executor, kinds({"a"}), quick(), {}, adjust);
    co_await bench.start();
    EXPECT_EQ(bench.status("a").reserved, 128 * kMiB);
    for (int i = 0; i < 25; ++i) {
      const auto answer = co_await bench.ask("POST", "/sleep?ms=10", "a");
      EXPECT_TRUE(answer);
    }
    co_await bench.stop();
  }
  Bench bench(executor, kinds({"a"}), quick(), {}, adjust);
  co_await bench.start();
  EXPECT_GE(bench.status("a").reserved, 88 * kMiB);
  EXPECT_LT(bench.status("a").reserved, 128 * kMiB);
  co_await bench.stop();
}

}  // namespace
}  // namespace hearth::test
