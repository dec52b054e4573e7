// Programs that the benchmark starts itself, and what /proc says of them. Blocking; one thread.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/core/file.h>

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace hearth::bench {

// A folder below /tmp that goes with its object. Short enough for the sockets in it.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> create();
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// A child. Its standard input is a pipe that stays open as long as the object lives, its standard error is `log`.
class Process {
 public:
  // `environment`: "NAME=VALUE", added to ours. io_error.
  static Result<Process> start(const std::vector<std::string>& command, const std::filesystem::path& log,
                               const std::vector<std::string>& environment = {});
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), input_(std::move(other.input_)) {}
  Process& operator=(Process&&) = delete;
  ~Process() { stop(); }  // SIGTERM, and waits for the end
  void stop() noexcept;
  [[nodiscard]] bool alive() const noexcept;
  // Waits for its end; as waitpid() gives it.
  int wait() noexcept;
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  Process(pid_t pid, Fd input) : pid_(pid), input_(std::move(input)) {}
  pid_t pid_ = -1;
  Fd input_;
};

// Runs a command to its end; `log` gets what it writes. protocol_error with that when it does not exit with 0.
Result<void> run(const std::vector<std::string>& command, const std::filesystem::path& log);

// The service manager's side of readiness: a datagram socket that NOTIFY_SOCKET names.
class ReadySocket {
 public:
  static Result<ReadySocket> create(const std::filesystem::path& path);
  // Waits for READY=1. deadline_exceeded.
  [[nodiscard]] Result<void> wait(Deadline deadline) const;

 private:
  explicit ReadySocket(Fd socket) : socket_(std::move(socket)) {}
  Fd socket_;
};

// A port that is free now. io_error.
Result<std::uint16_t> free_port();

// Processor seconds that the process and all below it have used, of the threads that are still there (the scheduler's
// own nanosecond count).
double cpu_seconds(pid_t root);
// Of the last minute.
double load_average();
// Lets time pass while the thing measured does what it does when nobody asks.
void let_pass(std::chrono::nanoseconds duration);

}  // namespace hearth::bench
