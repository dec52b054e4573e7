// Engines that are alive and not well: what GET /health says is no help with them.
#include "engine_bench.h"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <csignal>

namespace hearth::test {
namespace {

using engines::EngineStatus;
using engines::State;

constexpr const char* kCanary = "canary:\n  path: /canary\n  expect: sings\n";

// Short times. What counts for a stall is what was sampled: a machine that stands still takes part in that.
engines::Policy watchful() {
  engines::Policy policy;
  policy.sample_every = policy.idle_sample_every = Millis(100);
  policy.stall.stall_time = Millis(1'500);
  policy.stall.sample_cap = Millis(200);
  policy.hearing.deaf_time = kEndless;
  return policy;
}

struct Answers {
  explicit Answers(net::Executor executor) : tasks(executor) {}
  int ok = 0;
  int failed = 0;
  net::TaskGroup tasks;
  awaitable<bool> all() { return tasks.wait(Deadline::in(kPatience)); }
};

awaitable<void> ask_into(Bench& bench, Answers& answers, std::string method, std::string target,
                         std::string engine = "fixture") {
  const auto answer = co_await bench.ask(std::move(method), std::move(target), std::move(engine));
  answer ? ++answers.ok : ++answers.failed;
}

CO_TEST(EngineHealth, AWedgeIsReplacedAlthoughItsHealthSays200) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Bench bench(executor, {{.more = "concurrency: 2\n"}, {.name = "other"}}, watchful());
  co_await bench.start();
  for (const char* engine : {"fixture", "other"}) {
    const auto warm = co_await bench.ask("GET", "/echo", engine);
    EXPECT_TRUE(warm);
  }
  const auto other = bench.status("other").pid;
  const ProcessWatch wedged(static_cast<pid_t>(bench.status().pid));
  Answers hung(executor);
  for (int i = 0; i < 2; ++i) hung.tasks.spawn("hang", ask_into(bench, hung, "POST", "/hang"));
  const bool both = co_await bench.works_on(2);
  EXPECT_TRUE(both);
  Answers waiting(executor);
  for (int i = 0; i < 5; ++i) waiting.tasks.spawn("ask", ask_into(bench, waiting, "GET", "/echo"));
  const bool served = co_await waiting.all();
  EXPECT_TRUE(served);
  EXPECT_EQ(waiting.ok, 5) << "those that waited are answered by its successor";
  const bool told = co_await hung.all();
  EXPECT_TRUE(told);
  EXPECT_EQ(hung.failed, 2);
  EXPECT_TRUE(wedged.ends());
  const EngineStatus status = bench.status();
  EXPECT_EQ(status.stalls, 1U);
  EXPECT_EQ(status.restarts, 1U);
  EXPECT_NE(status.last_error.find("stalled"), std::string::npos) << status.last_error;
  EXPECT_EQ(bench.status("other").pid, other) << "nobody else is touched";
  co_await hung.tasks.stop();
  co_await waiting.tasks.stop();
  co_await bench.stop();
}

CO_TEST(EngineHealth, TheWedgeDidAnswerItsHealth) {
  const auto executor = co_await boost::asio::this_coro::executor;
  engines::Policy policy = watchful();
  policy.stall.stall_time = kEndless;
  Bench bench(executor, {{.more = "concurrency: 2\n"}}, policy);
  co_await bench.start();
  Answers hung(executor);
  hung.tasks.spawn("hang", ask_into(bench, hung, "POST", "/hang"));
  const bool hangs = co_await bench.works_on(1);
  EXPECT_TRUE(hangs);
  auto lease = co_await bench.take_place();
  CO_ASSERT(lease);
  net::RequestHead head;
  head.target = "/health";
  const auto health = co_await lease->client().fetch(std::move(head), "", 1 << 16, Deadline::in(kPatience));
  CO_ASSERT(health);
  EXPECT_EQ(health->head.status, 200);
  lease->finish(engines::Outcome::ok);
  co_await hung.tasks.stop();
  co_await bench.stop(Millis(100));
}

CO_TEST(EngineHealth, AStoppedProcessIsReplaced) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Bench bench(executor, {{}}, watchful());
  co_await bench.start();
  const auto warm = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(warm);
  const auto pid = static_cast<pid_t>(bench.status().pid);
  EXPECT_EQ(::kill(pid, SIGSTOP), 0);
  const bool stopped = co_await eventually([pid] { return is_stopped(pid); });
  EXPECT_TRUE(stopped);
  Answers answers(executor);
  answers.tasks.spawn("hit", ask_into(bench, answers, "GET", "/echo"));
  const bool hit = co_await bench.works_on(1);
  EXPECT_TRUE(hit);
  for (int i = 0; i < 3; ++i) answers.tasks.spawn("ask", ask_into(bench, answers, "GET", "/echo"));
  const bool done = co_await answers.all();
  EXPECT_TRUE(done);
  EXPECT_EQ(answers.failed, 1);
  EXPECT_EQ(answers.ok, 3);
  EXPECT_EQ(bench.status().stalls, 1U);
  co_await answers.tasks.stop();
  co_await bench.stop();
}

CO_TEST(EngineHealth, SlowWorkThatGoesOnIsLetBe) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Bench bench(executor, {{.name = "drips"}, {.name = "burns"}}, watchful());
  co_await bench.start();
  Answers answers(executor);
  answers.tasks.spawn("drip", ask_into(bench, answers, "POST", "/drip?ms=300&count=8", "drips"));
  answers.tasks.spawn("burn", ask_into(bench, answers, "POST", "/burn?ms=1800", "burns"));
  const bool done = co_await answers.all();
  EXPECT_TRUE(done);
  EXPECT_EQ(answers.ok, 2);
  EXPECT_EQ(bench.status("drips").stalls + bench.status("burns").stalls, 0U);
  co_await answers.tasks.stop();
  co_await bench.stop();
}

// Time passes here without a word: that is what it is about.
CO_TEST(EngineHealth, AnEngineThatWaitsForItsClientIsLetBe) {
  Bench bench(co_await boost::asio::this_coro::executor, {{}}, watchful());
  co_await bench.start();
  auto lease = co_await bench.take_place();
  CO_ASSERT(lease);
  const Deadline deadline = Deadline::in(kPatience);
  // It has more to say than anybody reads at first.
  net::RequestHead flood{"POST", "/flood", {}};
  auto call = co_await lease->client().send(std::move(flood), "", deadline);
  CO_ASSERT(call);
  const auto head = co_await call->head();
  CO_ASSERT(head);
  co_await net::sleep_for(Millis(2'000));
  const auto rest = co_await call->read_all(64 << 20);
  EXPECT_TRUE(rest && rest->size() == 16 << 20);
  // And here it waits for a body that is slow to come.
  net::RequestHead slow{"POST", "/sleep", {}};
  auto upload = co_await lease->client().open(std::move(slow), net::BodyKind::chunked, deadline);
  CO_ASSERT(upload);
  co_await net::sleep_for(Millis(2'000));
  const auto ended = co_await upload->finish_body();
  EXPECT_TRUE(ended);
  const auto answered = co_await upload->head();
  EXPECT_TRUE(answered);
  EXPECT_EQ(bench.status().stalls, 0U);
  EXPECT_EQ(bench.status().state, State::ready);
  lease->finish(engines::Outcome::ok);
  co_await bench.stop();
}

CO_TEST(EngineHealth, OneThatTakesNoConnectionsIsReplacedAlthoughItComputes) {
  const auto executor = co_await boost::asio::this_coro::executor;
  engines::Policy policy = watchful();
  policy.stall.stall_time = kEndless;
  policy.hearing = {.ask_every = Millis(200), .deaf_time = Millis(1'500), .grace = kEndless};
  Bench bench(executor, {{.more = "concurrency: 3\n"}}, policy);
  co_await bench.start();
  const auto deaf = co_await bench.ask("POST", "/deafen");
  EXPECT_TRUE(deaf);
  const ProcessWatch process(static_cast<pid_t>(bench.status().pid));
  Answers computing(executor);
  computing.tasks.spawn("burn", ask_into(bench, computing, "POST", "/burn?ms=600000"));  // on the connection it has
  const bool computes = co_await bench.works_on(1);
  EXPECT_TRUE(computes);
  Answers asked(executor);
  asked.tasks.spawn("ask", ask_into(bench, asked, "GET", "/echo"));
  const bool told = co_await asked.all();
  EXPECT_TRUE(told);
  EXPECT_TRUE(process.ends());
  const bool broken = co_await computing.all();
  EXPECT_TRUE(broken);
  const bool explained = co_await eventually(
      [&] { return bench.status().last_error.find("takes no new connections") != std::string::npos; });
  EXPECT_TRUE(explained) << bench.status().last_error;
  EXPECT_EQ(bench.status().stalls, 1U);
  const auto again = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(again) << "by its successor";
  co_await asked.tasks.stop();
  co_await computing.tasks.stop();
  co_await bench.stop();
}

CO_TEST(EngineHealth, AWrongCanaryIsFoundWhenIdle) {
  engines::Policy policy = watchful();
  policy.canary_every = Millis(200);
  Bench bench(co_await boost::asio::this_coro::executor, {{.more = kCanary}}, policy);
  co_await bench.start();
  const auto warm = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(warm);
  co_await net::sleep_for(Millis(800));
  EXPECT_EQ(bench.status().restarts, 0U) << "a right answer changes nothing";
  const ProcessWatch process(static_cast<pid_t>(bench.status().pid));
  const auto corrupt = co_await bench.ask("POST", "/corrupt");
  EXPECT_TRUE(corrupt);
  const bool found = co_await eventually([&] { return !bench.status().last_error.empty(); });
  EXPECT_TRUE(found);
  EXPECT_NE(bench.status().last_error.find("canary request wrongly"), std::string::npos) << bench.status().last_error;
  EXPECT_TRUE(process.ends());
  const auto again = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(again);
  EXPECT_EQ(bench.status().failed, 0U) << "no request had to find it out";
  co_await bench.stop();
}

CO_TEST(EngineHealth, OneThatAnswersWithErrorsOnlyIsAskedItsCanary) {
  Bench bench(co_await boost::asio::this_coro::executor, {{.more = kCanary}}, watchful());
  co_await bench.start();
  const auto warm = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(warm);
  const auto pid = bench.status().pid;
  // Its canary is right: the input was at fault.
  for (int i = 0; i < 5; ++i) co_await bench.ask("POST", "/fail");
  const auto well = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(well);
  EXPECT_EQ(bench.status().pid, pid);
  EXPECT_EQ(bench.status().failed, 5U);
  co_await bench.stop();
}

CO_TEST(EngineHealth, OneThatAnswersWithErrorsOnlyAndItsCanaryWronglyIsReplaced) {
  Bench bench(co_await boost::asio::this_coro::executor, {{.more = kCanary}}, watchful());
  co_await bench.start();
  const auto corrupt = co_await bench.ask("POST", "/corrupt");
  EXPECT_TRUE(corrupt);
  const ProcessWatch process(static_cast<pid_t>(bench.status().pid));
  for (int i = 0; i < 3; ++i) co_await bench.ask("POST", "/fail");
  const bool found = co_await eventually([&] { return !bench.status().last_error.empty(); });
  EXPECT_TRUE(found);
  EXPECT_NE(bench.status().last_error.find("canary request wrongly"), std::string::npos) << bench.status().last_error;
  EXPECT_TRUE(process.ends());
  const auto again = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(again);
  co_await bench.stop();
}

CO_TEST(EngineHealth, OneThatHasTooLittleMemoryForAnythingGetsAFreshProcess) {
  Bench bench(co_await boost::asio::this_coro::executor, {{.more = kCanary}}, watchful());
  co_await bench.start();
  const auto warm = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(warm);
  const auto pid = bench.status().pid;
  for (int i = 0; i < 2; ++i) co_await bench.ask("POST", "/full");
  const auto well = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(well);
  EXPECT_EQ(bench.status().pid, pid) << "something was small enough in between";
  for (int i = 0; i < 3; ++i) co_await bench.ask("POST", "/full");
  const auto again = co_await bench.ask("GET", "/echo");
  EXPECT_TRUE(again);
  EXPECT_NE(bench.status().pid, pid);
  EXPECT_EQ(bench.status().recycles, 1U);
  EXPECT_EQ(bench.status().restarts, 0U) << "that is no failure";
  co_await bench.stop();
}

CO_TEST(EngineHealth, ALeakIsEndedBetweenRequests) {
  const auto executor = co_await boost::asio::this_coro::executor;
  engines::Policy policy = watchful();
  policy.leak = {.points = 6, .point_time = Millis(150), .point_requests = 1, .floor = 16 << 20, .steady = 0.9};
  Bench bench(executor, {{.name = "leaks", .args = {}, .more = "memory: 4 GiB\n"}, {.name = "steady"}}, policy);
  co_await bench.start();
  const auto warm = co_await bench.ask("GET", "/echo", "steady");
  EXPECT_TRUE(warm);
  const auto steady = bench.status("steady").pid;
  Answers answers(executor);
  constexpr int kMostRounds = 500;
  int rounds = 0;
  for (; bench.status("leaks").recycles == 0 && rounds < kMostRounds; ++rounds) {
    co_await ask_into(bench, answers, "POST", "/grow?mib=4", "leaks");
    co_await ask_into(bench, answers, "GET", "/echo", "steady");
    co_await net::sleep_for(Millis(50));
  }
  EXPECT_EQ(bench.status("leaks").recycles, 1U);
  co_await ask_into(bench, answers, "GET", "/echo", "leaks");
  EXPECT_EQ(answers.ok, 2 * rounds + 1) << "no request suffers";
  EXPECT_EQ(bench.status("leaks").restarts, 0U) << "that is no failure";
  EXPECT_EQ(bench.status("steady").recycles, 0U);
  EXPECT_EQ(bench.status("steady").pid, steady);
  co_await answers.tasks.stop();
  co_await bench.stop();
}

CO_TEST(EngineHealth, AQuarantineSaysWhy) {
  engines::Policy policy = watchful();
  policy.backoff_first = policy.backoff_max = Millis(5);
  policy.quarantine_failures = 3;
  policy.quarantine_time = kEndless;
  Bench bench(co_await boost::asio::this_coro::executor, {{.args = {"--exit=3"}}}, policy);
  co_await bench.start();
  for (int i = 0; i < 5 && bench.status().state != State::quarantined; ++i) co_await bench.ask("GET", "/echo");
  EXPECT_EQ(bench.status().state, State::quarantined);
  EXPECT_NE(bench.status().why.find("failed 3 times"), std::string::npos) << bench.status().why;
  EXPECT_NE(bench.status().last_error.find("status 3"), std::string::npos) << bench.status().last_error;
  co_await bench.stop();
}

}  // namespace
}  // namespace hearth::test
