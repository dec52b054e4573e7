// For engines' tests: runs an engine program as the daemon does (Unix socket, standard input as the lifeline) in a
// folder of its own under the system's temporary folder, which goes with it.
#pragma once

#include <hearth/core/file.h>

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace hearth::kit::testing {

class EngineProcess {
 public:
  // Starts `program` and waits until it accepts connections. A failure to start is seen as ready() == false.
  EngineProcess(const std::string& program, const std::vector<std::string>& more_arguments);
  ~EngineProcess();  // kills what still runs
  EngineProcess(const EngineProcess&) = delete;
  EngineProcess& operator=(const EngineProcess&) = delete;

  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] const std::string& socket() const { return socket_; }
  [[nodiscard]] const std::string& scratch() const { return folder_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  void send_signal(int signal) const;
  void close_stdin() { stdin_.reset(); }
  // Waits for the process's end: its exit status, or 128 + signal; nullopt if it still runs after kPatience.
  std::optional<int> wait_exit();
  [[nodiscard]] bool running();
  // Peak resident memory so far, in bytes (VmHWM); 0 if unknown.
  [[nodiscard]] std::uint64_t peak_resident() const;

 private:
  std::optional<int> wait_exit(double seconds);

  std::string folder_;
  std::string socket_;
  Fd stdin_;
  pid_t pid_ = -1;
  std::optional<int> exit_status_;
  bool ready_ = false;
};

}  // namespace hearth::kit::testing
