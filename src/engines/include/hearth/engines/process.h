// A child process with an owner: started, listened to, ended and always reaped.
//
// Belongs to one executor on one long-lived thread: the kernel ends the child when the thread that started it ends.
// Not movable. wait() or stop() must have returned before it is destroyed.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/core/file.h>
#include <hearth/engines/sandbox.h>
#include <hearth/net/runtime.h>

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hearth::engines {

struct ExitStatus {
  int code = 0;    // when it exited by itself
  int signal = 0;  // when a signal ended it; 0 otherwise
  [[nodiscard]] bool clean() const noexcept { return code == 0 && signal == 0; }
  // "exited with status 2", "was ended by signal 9 (Killed)"
  [[nodiscard]] std::string describe() const;
};

struct SpawnOptions {
  std::string name;                  // log lines of the child appear under "engines.NAME"
  std::vector<std::string> command;  // command[0] is an absolute path
  std::vector<std::pair<std::string, std::string>> environment;
  std::optional<ResourceLimits> limits = std::nullopt;    // but not on the number of processes:
  std::optional<std::uint64_t> processes = std::nullopt;  // counted over all of the child's user
  bool in_bubblewrap = false;                             // kStatusFd is read; the engine is the sandbox's grandchild
  int seccomp_fd = -1;                                    // given to the child as kSeccompFd
  int group_fd = -1;                                      // ControlGroup::fd() of the group that it starts in
};

class Process {
 public:
  // Starts it; its standard input is a pipe that stays open as long as this object (its end tells the child that the
  // daemon is gone), its output goes to the log. not_found, permission_denied, resource_exhausted, io_error.
  static Result<std::unique_ptr<Process>> spawn(net::Executor executor, SpawnOptions options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // The engine's own process id as the host sees it (inside bubblewrap: the program, not bubblewrap); 0 when it is not
  // known yet or gone. Reads /proc.
  [[nodiscard]] pid_t program_pid();
  // The process that was started: the root of the tree.
  [[nodiscard]] pid_t pid() const noexcept;
  // Asks the program to end (SIGTERM), or ends the whole tree.
  void terminate();
  void kill();
  [[nodiscard]] bool exited() const noexcept;
  // Until it has ended and its last output is logged. Not cancellable by design: what was started is reaped.
  net::awaitable<ExitStatus> wait();
  // The last line it wrote that is not a routine message, for the error a person sees; empty if there was none.
  [[nodiscard]] const std::string& last_line() const noexcept;

  struct Impl;
  explicit Process(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::engines
