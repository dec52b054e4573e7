#include "co_test.h"
#include "spawn.h"

#include <hearth/core/file.h>
#include <hearth/core/log.h>
#include <hearth/engines/process.h>

#include <boost/asio/this_coro.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>

namespace hearth::engines {

std::optional<pid_t> parse_sandbox_pid(std::string_view status);

namespace {

using net::awaitable;

SpawnOptions shell(std::string script) {
  SpawnOptions options;
  options.name = "shell";
  options.command = {"/bin/sh", "-c", std::move(script)};
  options.environment = {{"PATH", "/usr/bin:/bin"}};
  return options;
}

TEST(SandboxStatus, GivesThePid) {
  EXPECT_EQ(parse_sandbox_pid("{ \"child-pid\": 4711, \"x\": 1 }\n"), 4711);
  EXPECT_EQ(parse_sandbox_pid("{ \"child-pid\": 4711"), std::nullopt) << "there may be more digits to come";
  EXPECT_EQ(parse_sandbox_pid("{ \"child-pid\": -1 }"), std::nullopt);
  EXPECT_EQ(parse_sandbox_pid("{ \"child-pid\": 1 }"), std::nullopt);
  EXPECT_EQ(parse_sandbox_pid("{ \"exit-code\": 3 }"), std::nullopt);
  EXPECT_EQ(parse_sandbox_pid(""), std::nullopt);
}

TEST(ExitStatus, IsExplainedInWords) {
  EXPECT_EQ((ExitStatus{.code = 3, .signal = 0}).describe(), "exited with status 3");
  EXPECT_EQ((ExitStatus{.code = 0, .signal = 9}).describe(), "was ended by signal 9 (Killed)");
}

CO_TEST(Process, TellsHowItEnded) {
  auto process = Process::spawn(co_await boost::asio::this_coro::executor, shell("exit 7"));
  CO_ASSERT(process);
  const ExitStatus status = co_await (*process)->wait();
  EXPECT_EQ(status.code, 7);
  EXPECT_EQ(status.signal, 0);
  EXPECT_TRUE((*process)->exited());
  EXPECT_EQ((*process)->program_pid(), 0);
}

CO_TEST(Process, IsToldToEndAndThenMadeTo) {
  auto process = Process::spawn(co_await boost::asio::this_coro::executor,
                                shell("trap 'exit 5' TERM; echo trapped; while :; do sleep 0.01; done"));
  CO_ASSERT(process);
  while ((*process)->last_line() != "trapped") co_await net::sleep_for(Millis(1));
  (*process)->terminate();
  const ExitStatus status = co_await (*process)->wait();
  EXPECT_EQ(status.code, 5);
  auto stubborn = Process::spawn(co_await boost::asio::this_coro::executor,
                                 shell("trap '' TERM; echo deaf; while :; do sleep 0.01; done"));
  CO_ASSERT(stubborn);
  while ((*stubborn)->last_line() != "deaf") co_await net::sleep_for(Millis(1));
  (*stubborn)->terminate();
  (*stubborn)->kill();
  const ExitStatus killed = co_await (*stubborn)->wait();
  EXPECT_EQ(killed.signal, SIGKILL);
}

CO_TEST(Process, SeesItsInputEndWithTheOwner) {
  auto process = Process::spawn(co_await boost::asio::this_coro::executor, shell("cat >/dev/null; echo eof"));
  CO_ASSERT(process);
  co_await net::sleep_for(Millis(30));
  EXPECT_FALSE((*process)->exited()) << "its input must stay open";
  (*process)->kill();
  co_await (*process)->wait();
}

CO_TEST(Process, LastWordsArriveBeforeTheEnd) {
  auto process =
      Process::spawn(co_await boost::asio::this_coro::executor,
                     shell("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; printf 'no newline'"));
  CO_ASSERT(process);
  co_await (*process)->wait();
  EXPECT_EQ((*process)->last_line(), "no newline");
}

CO_TEST(Process, FloodIsCutInTheLog) {
  const auto before = log::recent(0, 1);
  const std::uint64_t seq = before.empty() ? 0 : before.back().seq;
  const SteadyTime began = steady_now();
  auto process = Process::spawn(co_await boost::asio::this_coro::executor, shell("yes flood | head -n 20000"));
  CO_ASSERT(process);
  co_await (*process)->wait();
  const std::uint64_t written = log::recent(seq, 1).back().seq - seq;
  // A burst and so many a second, each of them with a word on what was left out before it at most.
  const double most = 400 + 50 * seconds_between(began, steady_now());
  EXPECT_GE(written, 400U);
  EXPECT_LE(static_cast<double>(written), 2 * most + 2);
}

CO_TEST(Process, CannotBeStartedIsAnErrorInWords) {
  SpawnOptions options = shell("");
  options.command = {"/nowhere/program"};
  const auto missing = Process::spawn(co_await boost::asio::this_coro::executor, options);
  CO_ASSERT(!missing);
  EXPECT_TRUE(missing.error().is(Errc::not_found)) << missing.error().describe();
  options.command = {"/etc/passwd"};
  const auto not_a_program = Process::spawn(co_await boost::asio::this_coro::executor, options);
  CO_ASSERT(!not_a_program);
  EXPECT_TRUE(not_a_program.error().is(Errc::permission_denied)) << not_a_program.error().describe();
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no child may be left";
}

CO_TEST(Process, InheritsNoDescriptorsAndDefaultSignals) {
  const Fd leaked(::open("/etc/passwd", O_RDONLY));  // on purpose without O_CLOEXEC
  EXPECT_TRUE(static_cast<bool>(leaked));
  ::signal(SIGPIPE, SIG_IGN);
  auto process = Process::spawn(co_await boost::asio::this_coro::executor,
                                shell("ls /proc/self/fd | tr '\\n' ' '; grep SigIgn /proc/self/status"));
  CO_ASSERT(process);
  co_await (*process)->wait();
  // 3 is the folder that ls itself reads; grep then reports which signals are ignored.
  const std::string_view line = (*process)->last_line();
  constexpr std::string_view kDescriptors = "0 1 2 3 SigIgn:\t";
  CO_ASSERT(line.starts_with(kDescriptors));
  // Signals 32 and 33 are the C library's own: whoever started us may have left them ignored, and no program can change
  // that.
  constexpr std::uint64_t kLibrarys = (1ULL << 31U) | (1ULL << 32U);
  EXPECT_EQ(std::stoull(std::string(line.substr(kDescriptors.size())), nullptr, 16) & ~kLibrarys, 0U) << line;
  ::signal(SIGPIPE, SIG_DFL);
}

CO_TEST(Process, RunsWithinItsLimits) {
  SpawnOptions options = shell("");
  options.command[2] = "echo $(ulimit -c) $(ulimit -n) $(cat /proc/self/oom_score_adj) $(nice)";
  options.limits = ResourceLimits{};
  options.limits->open_files = 100;
  auto process = Process::spawn(co_await boost::asio::this_coro::executor, options);
  CO_ASSERT(process);
  co_await (*process)->wait();
  // On top of what this process has itself: it may have been started nicely.
  const int oom_score = std::stoi(read_file("/proc/self/oom_score_adj", 64).value_or("0"));
  EXPECT_EQ((*process)->last_line(), fmt::format("0 100 {} {}", std::min(oom_score + 500, 1000),
                                                 std::min(::getpriority(PRIO_PROCESS, 0) + 5, 19)));
}

}  // namespace
}  // namespace hearth::engines
