// Children that another process starts, and a process that has given up its sockets. Each test is a process of its own
// where it changes what holds for a whole process.
#include "run_tool.h"
#include "spawn.h"

#include <hearth/engines/lockdown.h>
#include <hearth/engines/sandbox.h>
#include <hearth/engines/starter.h>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>

namespace hearth::engines {
namespace {

// Runs `body` in a fork and passes its failures on: an exit status, and what it wrote to standard error.
void in_a_process(const std::function<bool()>& body) {
  const pid_t pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

bool is(bool condition, const char* what) {
  if (!condition) std::fprintf(stderr, "not so: %s\n", what);
  return condition;
}

std::string line_of(const std::string& script) {
  const auto result = run_tool({.command = {"/bin/bash", "-c", script}, .environment = {{"PATH", "/usr/bin:/bin"}}});
  return result ? result->output.substr(0, result->output.find('\n')) : "failed: " + result.error().describe();
}

TEST(Starter, StartsChildrenThatAreOurs) {
  in_a_process([] {
    if (!launch_starter()) return false;
    const std::string us = std::to_string(::getpid());
    const auto ended = run_tool({.command = {"/bin/sh", "-c", "exit 7"}, .environment = {}});
    const auto killed = run_tool({.command = {"/bin/sh", "-c", "kill -9 $$"}, .environment = {}});
    const auto missing = run_tool({.command = {"/no/such/program"}, .environment = {}});
    return is(line_of("echo $PPID") == us, "we are its parent") && is(ended && ended->status.code == 7, "status") &&
           is(killed && killed->status.signal == SIGKILL, "signal") &&
           is(!missing && missing.error().is(Errc::not_found), "no such program") &&
           is(line_of("echo $FOO") == "", "no environment but what is given");
  });
}

TEST(Starter, TakesCommandsOfEveryLength) {
  in_a_process([] {
    if (!launch_starter()) return false;
    const auto echo = [](std::size_t size) {
      return run_tool({.command = {"/bin/echo", std::string(size, 'x')}, .environment = {}});
    };
    const auto large = echo(100'000);
    const auto too_large = echo(300'000);
    return is(large && large->output.size() == 100'001, "a long one") &&
           is(!too_large && too_large.error().is(Errc::too_large), "one that is too long");
  });
}

TEST(Starter, ManyThreadsAtOnce) {
  in_a_process([] {
    if (!launch_starter()) return false;
    std::atomic<int> good{0};
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
          for (int k = 0; k < 5; ++k) good += line_of("echo " + std::to_string(i)) == std::to_string(i) ? 1 : 0;
        });
      }
    }
    return is(good == 20, "all of them answered rightly");
  });
}

TEST(Starter, TellsWhenItIsGone) {
  in_a_process([] {
    if (!launch_starter()) return false;
    pollfd handle{starter_handle(), POLLIN, 0};
    if (!is(::poll(&handle, 1, 0) == 0, "it runs")) return false;
    ::syscall(SYS_pidfd_send_signal, starter_handle(), SIGKILL, nullptr, 0);
    ::poll(&handle, 1, -1);
    const auto result = run_tool({.command = {"/bin/true"}, .environment = {}});
    return is(!result && result.error().is(Errc::unavailable), "nothing is started any more");
  });
}

// kill -9 leaves nothing behind: neither the starter nor what it started.
TEST(Starter, AndItsChildrenEndWithUs) {
  const auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  const pid_t pid = ::fork();
  if (pid == 0) {
    pid_t child = 0;
    if (launch_starter()) {
      const auto input = make_pipe();
      const auto started = spawn_child({.command = {"/bin/sleep", "1000"}, .environment = {}, .inherit = {}});
      if (started) child = started->pid;
    }
    [[maybe_unused]] const ssize_t n = ::write(pipe->write.get(), &child, sizeof child);
    for (;;) ::pause();
  }
  pid_t child = 0;
  ASSERT_EQ(::read(pipe->read.get(), &child, sizeof child), static_cast<ssize_t>(sizeof child));
  ASSERT_GT(child, 0);
  const Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  ASSERT_TRUE(handle);
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  pollfd gone{handle.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&gone, 1, 100'000), 1) << "it lives on";
  ::waitpid(pid, nullptr, 0);
}

int socket_error(int family) {
  const int fd = ::socket(family, SOCK_DGRAM, 0);
  if (fd < 0) return errno;
  ::close(fd);
  return 0;
}

// A thread that is there before.
class Bystander {
 public:
  Bystander() : thread_([this] { run(); }) {}
  ~Bystander() { thread_.join(); }
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;
  int try_socket(int family) {
    std::unique_lock lock(mutex_);
    family_ = family;
    changed_.notify_all();
    changed_.wait(lock, [this] { return family_ == -1; });
    return error_;
  }
  void stop() { try_socket(-2); }

 private:
  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return family_ != -1; });
      const bool over = family_ == -2;
      if (!over) error_ = socket_error(family_);
      family_ = -1;
      changed_.notify_all();
      if (over) return;
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  int family_ = -1;
  int error_ = 0;
  std::thread thread_;
};

TEST(Lockdown, HoldsInAllThreadsAndNotInChildrenOfTheStarter) {
  in_a_process([] {
    if (!launch_starter()) return false;
    Bystander bystander;
    bool good = is(bystander.try_socket(AF_INET) == 0, "before, sockets can be made");
    int tcp[2] = {-1, -1};
    good = good && is(::socketpair(AF_UNIX, SOCK_STREAM, 0, tcp) == 0, "a pair");
    const auto locked = give_up_sockets();
    good = good && is(locked.has_value(), "the filter was taken");
    for (const int family : {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK, AF_ALG, AF_BLUETOOTH}) {
      good = good && is(socket_error(family) == EACCES, "this thread makes none");
      good = good && is(bystander.try_socket(family) == EACCES, "nor does another");
    }
    std::thread later([&] { good = good && is(socket_error(AF_INET) == EACCES, "nor one that comes later"); });
    later.join();
    good = good && is(socket_error(AF_UNIX) == 0, "Unix sockets are made as ever");
    good = good && is(::syscall(SYS_io_uring_setup, 1, nullptr) < 0 && errno == ENOSYS, "io_uring is absent");
    bystander.stop();
    // bash opens UDP sockets itself, and sends nothing by that.
    good = good && is(line_of("exec 3<>/dev/udp/127.0.0.1/9 && echo open") == "open", "its children may");
    return good;
  });
}

TEST(Lockdown, LeavesTheSandboxAsItWas) {
  const Containment before = probe_containment();
  if (!before.isolated()) GTEST_SKIP() << before.problem;
  in_a_process([&] {
    if (!launch_starter() || !give_up_sockets()) return false;
    const Containment after = probe_containment();
    return is(after.level == before.level && after.separate_user == before.separate_user, "the same level");
  });
}

}  // namespace
}  // namespace hearth::engines
