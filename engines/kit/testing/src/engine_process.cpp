#include <hearth/core/clock.h>
#include <hearth/kit/testing/client.h>
#include <hearth/kit/testing/engine_process.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace hearth::kit::testing {
namespace {

void nap() {
  ::poll(nullptr, 0, 5);
}

}  // namespace

EngineProcess::EngineProcess(const std::string& program, const std::vector<std::string>& more_arguments) {
  std::string name = (std::filesystem::temp_directory_path() / "hearth-test.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return;
  folder_ = name;
  socket_ = folder_ + "/s";
  std::array<int, 2> pipe{-1, -1};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return;
  stdin_ = Fd(pipe[1]);
  const Fd child_stdin(pipe[0]);

  std::vector<std::string> arguments{program, "--socket", socket_, "--scratch", folder_};
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, child_stdin.get(), STDIN_FILENO);
  const int failed = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    pid_ = -1;
    return;
  }
  const SteadyTime begin = steady_now();
  while (!ready_ && running() && seconds_between(begin, steady_now()) < kPatience) {
    ready_ = Client(socket_).connected();
    if (!ready_) nap();
  }
}

EngineProcess::~EngineProcess() {
  if (running()) {
    ::kill(pid_, SIGKILL);
    wait_exit();
  }
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

void EngineProcess::send_signal(int signal) const {
  if (pid_ > 0 && !exit_status_) ::kill(pid_, signal);
}

bool EngineProcess::running() {
  return pid_ > 0 && !wait_exit(0);
}

std::optional<int> EngineProcess::wait_exit() {
  return wait_exit(kPatience);
}

std::optional<int> EngineProcess::wait_exit(double seconds) {
  const SteadyTime begin = steady_now();
  while (pid_ > 0 && !exit_status_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_)
      exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    else if (seconds_between(begin, steady_now()) >= seconds)
      break;
    else
      nap();
  }
  return exit_status_;
}

std::uint64_t EngineProcess::peak_resident() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string word; status >> word;) {
    if (word != "VmHWM:") continue;
    std::uint64_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

}  // namespace hearth::kit::testing
