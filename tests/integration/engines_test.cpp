// Starting, waiting, stopping.
#include "engine_bench.h"

#include <hearth/hardware/memory.h>

#include <boost/asio/co_spawn.hpp>

#include <atomic>
#include <csignal>
#include <thread>

namespace hearth::test {
namespace {

using engines::EngineStatus;
using engines::Outcome;
using engines::Priority;
using engines::State;

const std::string kCanary = "canary: {path: /canary, expect: sings}\n";

net::Executor io_of(const boost::asio::any_io_executor& executor) {
  return executor;
}

// Runs asks in the background and collects how they ended.
struct Answers {
  explicit Answers(net::Executor executor) : tasks(executor) {}
  int ok = 0;
  std::vector<Error> errors;
  net::TaskGroup tasks;
};

awaitable<void> ask_into(Bench& bench, Answers& answers, std::string method, std::string target) {
  const auto answer = co_await bench.ask(std::move(method), std::move(target));
  if (answer) {
    ++answers.ok;
  } else {
    answers.errors.push_back(answer.error());
  }
}

CO_TEST(Engines, StartOnDemandAndAnswer) {
  Bench bench(co_await boost::asio::this_coro::executor, {{.more = kCanary}});
  co_await bench.start();
  EXPECT_EQ(bench.status().state, State::stopped);
  EXPECT_EQ(bench.status().pid, 0);
  const auto before = steady_now();
  const auto answer = co_await bench.ask("GET", "/echo");
  const double seconds = seconds_between(before, steady_now());
  EXPECT_TRUE(answer) << answer.error().describe();
  const EngineStatus status = bench.status();
  EXPECT_EQ(status.state, State::ready);
  EXPECT_EQ(status.served, 1U);
  EXPECT_EQ(status.failed, 0U);
  EXPECT_EQ(status.in_flight, 0U);
  EXPECT_GT(status.pid, 1);
  EXPECT_GT(status.memory, 200U << 10);
  EXPECT_TRUE(status.started_at);
  EXPECT_GT(status.last_start_seconds, 0);
  EXPECT_EQ(status.last_error, "");
  EXPECT_EQ(status.tasks, std::vector<std::string>{"media"});
  EXPECT_EQ(status.models, std::vector<std::string>{"fixture-1"});
  fmt::print("cold start to the first answer: {:.1f} ms, ready after {:.1f} ms, {} KiB\n", seconds * 1000,
             status.last_start_seconds * 1000, status.memory / 1024);
  co_await bench.stop();
  EXPECT_EQ(bench.status().pid, 0);
  EXPECT_EQ(bench.status().memory, 0U);
}

CO_TEST(Engines, UnknownNameIsNotFound) {
  Bench bench(co_await boost::asio::this_coro::executor, {{}});
  co_await bench.start();
  const auto answer = co_await bench.ask("GET", "/echo", "nobody");
  EXPECT_TRUE(!answer && answer.error().is(Errc::not_found));
  EXPECT_FALSE(bench.supervisor().knows("nobody"));
  co_await bench.stop();
}

CO_TEST(Engines, SwitchedOffCannotRunAndSaysWhy) {
  engines::EngineSettings settings;
  settings.enabled = false;
  Bench bench(co_await boost::asio::this_coro::executor, {{}}, {}, settings);
  co_await bench.start();
  const auto answer = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(!answer && answer.error().is(Errc::failed_precondition));
  EXPECT_NE(answer.error().message().find("engines.fixture.enabled"), std::string::npos);
  EXPECT_EQ(bench.status().state, State::absent);
  co_await bench.stop();
}

CO_TEST(Engines, RequestsWaitForASlowStart) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Bench bench(executor, {{.args = {"--slow-start=300"}, .more = kCanary + "concurrency: 2\n"}});
  co_await bench.start();
  Answers answers(executor);
  for (int i = 0; i < 20; ++i) answers.tasks.spawn("ask", ask_into(bench, answers, "GET", "/echo"));
  const bool done = co_await answers.tasks.wait(Deadline::in(kPatience));
  EXPECT_TRUE(done);
  EXPECT_EQ(answers.ok, 20);
  EXPECT_EQ(bench.status().served, 20U);
  EXPECT_EQ(bench.status().restarts, 0U);
  co_await answers.tasks.stop();
  co_await bench.stop();
}

CO_TEST(Engines, FullQueueRefusesAtOnce) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Bench bench(executor, {{.more = "concurrency: 1\nqueue: 2\n"}});
  co_await bench.start();
  auto place = co_await bench.take_place();
  CO_ASSERT(place);
  Answers answers(executor);
  for (int i = 0; i < 7; ++i) answers.tasks.spawn("ask", ask_into(bench, answers, "GET", "/echo"));
  const bool refused = co_await eventually([&] { return answers.errors.size() == 5; });
  EXPECT_TRUE(refused) << "while the only place is taken";
  EXPECT_EQ(answers.ok, 0);
  EXPECT_EQ(bench.status().queued, 2U);
  for (const Error& error : answers.errors) EXPECT_TRUE(error.is(Errc::resource_exhausted)) << error.describe();
  EXPECT_GE(bench.supervisor().retry_after("fixture"), Seconds(1));
  place->finish(Outcome::ok);
  const bool done = co_await answers.tasks.wait(Deadline::in(kPatience));
  EXPECT_TRUE(done);
  EXPECT_EQ(answers.ok, 2);
  co_await answers.tasks.stop();
  co_await bench.stop();
}

CO_TEST(Engines, DeadlineEndsTheWaitForAPlace) {
  Bench bench(co_await boost::asio::this_coro::executor, {{.more = "concurrency: 1\n"}});
  co_await bench.start();
  auto place = co_await bench.take_place();
  CO_ASSERT(place);
  const Deadline deadline = Deadline::in(Millis(100));
  const auto late = co_await bench.supervisor().acquire("fixture", deadline);
  EXPECT_TRUE(!late && late.error().is(Errc::resource_exhausted));
  EXPECT_TRUE(deadline.passed());
  EXPECT_EQ(bench.status().queued, 0U);
  EXPECT_EQ(bench.status().in_flight, 1U);
  place->finish(Outcome::ok);
  const auto next = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(next);
  co_await bench.stop();
}

awaitable<void> take_and_note(engines::Supervisor& supervisor, Priority priority, char mark, std::string& order) {
  const Deadline deadline = Deadline::in(kEndless);
  auto lease = co_await supervisor.acquire("fixture", deadline, priority);
  if (!lease) co_return;
  order.push_back(mark);
  lease->finish(Outcome::ok);
}

CO_TEST(Engines, InteractiveRequestsPassBatchOnes) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Bench bench(executor, {{.more = "concurrency: 1\n"}});
  co_await bench.start();
  std::string order;
  net::TaskGroup tasks(executor);
  for (const char mark : {'b', 'b', 'i', 'i'})
    tasks.spawn("take",
                take_and_note(bench.supervisor(), mark == 'i' ? Priority::interactive : Priority::batch, mark, order));
  co_await tasks.wait(Deadline::in(kPatience));
  EXPECT_EQ(order, "iibb");
  co_await tasks.stop();
  co_await bench.stop();
}

CO_TEST(Engines, CancelledWaitLeavesTheQueue) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Bench bench(executor, {{.args = {"--start-with={scratch}/go"}}});
  co_await bench.start();
  Answers answers(executor);
  answers.tasks.spawn("ask", ask_into(bench, answers, "GET", "/echo"));
  const bool starting = co_await eventually([] { return hardware::process_tree(::getpid()).size() > 1; });
  EXPECT_TRUE(starting);
  EXPECT_EQ(bench.status().queued, 1U);
  co_await answers.tasks.stop();
  EXPECT_EQ(answers.ok, 0);
  CO_ASSERT(answers.errors.size() == 1);
  EXPECT_TRUE(answers.errors[0].is(Errc::cancelled)) << answers.errors[0].describe();
  EXPECT_EQ(bench.status().queued, 0U);
  EXPECT_EQ(bench.status().state, State::starting);
  std::ofstream(bench.root() / "run/scratch/fixture/go") << "now";
  const auto next = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(next);
  co_await bench.stop();
}

CO_TEST(Engines, ForgottenLeaseGivesItsPlaceBack) {
  Bench bench(co_await boost::asio::this_coro::executor, {{.more = "concurrency: 1\n"}});
  co_await bench.start();
  {
    const auto lease = co_await bench.take_place();
    EXPECT_TRUE(lease);
    EXPECT_EQ(bench.status().in_flight, 1U);
  }
  EXPECT_EQ(bench.status().in_flight, 0U);
  EXPECT_EQ(bench.status().served, 0U);
  const auto next = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(next);
  co_await bench.stop();
}

CO_TEST(Engines, StatusMayBeReadFromAnotherThread) {
  Bench bench(co_await boost::asio::this_coro::executor, {{}, {.name = "other"}});
  co_await bench.start();
  std::atomic<bool> enough{false};
  std::atomic<int> reads{0};
  std::thread reader([&] {
    while (!enough) {
      for (const EngineStatus& status : bench.supervisor().snapshot()) {
        if (status.name.empty() || status.in_flight > status.slots) std::abort();
      }
      ++reads;
    }
  });
  for (int i = 0; i < 3; ++i) {
    const auto answer = co_await bench.ask("GET", "/echo");
    EXPECT_TRUE(answer);
    const Deadline deadline = Deadline::in(kEndless);
    const auto restarted = co_await bench.supervisor().restart_engine("fixture", deadline);
    EXPECT_TRUE(restarted);
  }
  co_await bench.stop();
  const bool has_read = co_await eventually([&] { return reads > 3; });
  enough = true;
  reader.join();
  EXPECT_TRUE(has_read);
}

CO_TEST(Engines, IdleOnesStopAndComeBack) {
  Bench bench(co_await boost::asio::this_coro::executor, {{.more = "idle_stop: 100ms\n"}});
  co_await bench.start();
  const auto first = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(first);
  const ProcessWatch process(static_cast<pid_t>(bench.status().pid));
  EXPECT_TRUE(process.found());
  const bool stopped = co_await bench.reaches(State::stopped);
  EXPECT_TRUE(stopped);
  EXPECT_TRUE(process.ended());
  EXPECT_EQ(bench.status().restarts, 0U);
  EXPECT_EQ(bench.status().last_error, "");
  const auto again = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(again);
  co_await bench.stop();
}

CO_TEST(Engines, KeepWarmStartsWithoutDemandAndStays) {
  engines::EngineSettings settings;
  settings.keep_warm = true;
  settings.idle_stop = Millis(50);
  Bench bench(co_await boost::asio::this_coro::executor, {{}}, {}, settings);
  co_await bench.start();
  const bool ready = co_await bench.reaches(State::ready);
  EXPECT_TRUE(ready);
  const auto pid = bench.status().pid;
  co_await net::sleep_for(Millis(300));  // six times as long as an idle one would stay
  EXPECT_EQ(bench.status().state, State::ready);
  EXPECT_EQ(bench.status().pid, pid);
  co_await bench.stop();
}

CO_TEST(Engines, PersonStartsStopsAndRestarts) {
  Bench bench(co_await boost::asio::this_coro::executor, {{}});
  co_await bench.start();
  engines::Supervisor& supervisor = bench.supervisor();
  const Deadline deadline = Deadline::in(kEndless);
  const auto started = co_await supervisor.start_engine("fixture", deadline);
  EXPECT_TRUE(started);
  const auto pid = bench.status().pid;
  EXPECT_GT(pid, 0);
  const auto restarted = co_await supervisor.restart_engine("fixture", deadline);
  EXPECT_TRUE(restarted);
  EXPECT_EQ(bench.status().state, State::ready);
  EXPECT_NE(bench.status().pid, pid);
  EXPECT_EQ(bench.status().restarts, 0U);
  const auto stopped = co_await supervisor.stop_engine("fixture", deadline);
  EXPECT_TRUE(stopped);
  EXPECT_EQ(bench.status().state, State::stopped);
  EXPECT_EQ(bench.status().pid, 0);
  const auto again = co_await supervisor.stop_engine("fixture", deadline);
  EXPECT_TRUE(again);
  const auto answer = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(answer);
  co_await bench.stop();
}

CO_TEST(Engines, StopLetsARequestInFlightEnd) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Bench bench(executor, {{}});
  co_await bench.start();
  const auto warm = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(warm);
  Answers answers(executor);
  answers.tasks.spawn("ask", ask_into(bench, answers, "POST", "/sleep?ms=300"));
  const bool asked = co_await bench.works_on(1);
  EXPECT_TRUE(asked);
  co_await bench.stop();
  co_await answers.tasks.wait(Deadline::in(kPatience));
  EXPECT_EQ(answers.ok, 1);
  const auto late = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(!late && late.error().is(Errc::unavailable));
  co_await answers.tasks.stop();
}

CO_TEST(Engines, StopDoesNotWaitForAHangingRequest) {
  const auto executor = co_await boost::asio::this_coro::executor;
  engines::Policy policy;
  policy.stop_grace = Millis(300);
  Bench bench(executor, {{}}, policy);
  co_await bench.start();
  const auto warm = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(warm);
  Answers answers(executor);
  answers.tasks.spawn("ask", ask_into(bench, answers, "POST", "/hang"));
  const bool asked = co_await bench.works_on(1);
  EXPECT_TRUE(asked);
  const ProcessWatch process(static_cast<pid_t>(bench.status().pid));
  co_await bench.stop(Millis(200));  // the request itself never ends
  EXPECT_TRUE(process.ended());
  co_await answers.tasks.wait(Deadline::in(kPatience));
  EXPECT_EQ(answers.errors.size(), 1U);
  co_await answers.tasks.stop();
}

CO_TEST(Engines, DeafOneIsKilledAfterTheGrace) {
  engines::Policy policy;
  policy.stop_grace = Millis(200);
  Bench bench(co_await boost::asio::this_coro::executor, {{.args = {"--deaf"}}}, policy);
  co_await bench.start();
  const auto warm = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(warm);
  const ProcessWatch process(static_cast<pid_t>(bench.status().pid));
  const auto before = steady_now();
  co_await bench.stop();
  EXPECT_GE(seconds_between(before, steady_now()), 0.19);
  EXPECT_TRUE(process.ended()) << "and nothing less than SIGKILL ends it";
}

CO_TEST(Engines, StopAtAnyMomentOfAStartLeavesNothing) {
  for (int step = 0; step < 12; ++step) {
    Bench bench(co_await boost::asio::this_coro::executor, {{.args = {"--slow-start=5"}, .more = kCanary}});
    co_await bench.start();
    Answers answers(io_of(co_await boost::asio::this_coro::executor));
    answers.tasks.spawn("ask", ask_into(bench, answers, "GET", "/echo"));
    co_await net::sleep_for(std::chrono::microseconds(1'500) * step);
    co_await bench.stop();
    co_await answers.tasks.wait(Deadline::in(kPatience));
    EXPECT_EQ(answers.ok + static_cast<int>(answers.errors.size()), 1);
    EXPECT_EQ(bench.status().pid, 0) << "stopped " << step << " steps into the start";
    EXPECT_EQ(bench.status().state, State::stopped);
    co_await answers.tasks.stop();
  }
  EXPECT_EQ(hardware::process_tree(::getpid()).size(), 1U);
}

}  // namespace
}  // namespace hearth::test
