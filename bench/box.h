// A hearthd of the benchmark's own, and engines that run without one. Blocking; one thread.
#pragma once

#include "http.h"
#include "process.h"

#include <map>
#include <memory>

namespace hearth::bench {

class Box {
 public:
  // `build`: the folder with bin/ and engines/.
  static Result<Box> start(const std::filesystem::path& build);
  // From exec until hearthd has said READY=1.
  [[nodiscard]] double seconds_to_ready() const noexcept { return seconds_to_ready_; }
  [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }
  [[nodiscard]] const net::Endpoint& api() const noexcept { return api_; }  // TCP, loopback

  struct Engine {
    pid_t pid = 0;  // of the sandbox around it; 0: not running
    double memory = 0;
  };
  Result<Engine> engine(std::string_view name) const;
  Result<void> stop_engine(std::string_view name) const;
  // The engine's own socket: what a request to it costs without hearthd in between.
  [[nodiscard]] net::Endpoint engine_socket(std::string_view name) const;
  // Runs `hearth` against this box. protocol_error with its output when it fails.
  Result<void> hearth(const std::vector<std::string>& args) const;
  // "0.1.0"
  Result<std::string> version() const;

 private:
  Box(TemporaryFolder folder, std::filesystem::path build) : folder_(std::move(folder)), build_(std::move(build)) {}
  [[nodiscard]] net::Endpoint admin() const;
  TemporaryFolder folder_;
  std::filesystem::path build_;
  std::unique_ptr<Process> process_;
  net::Endpoint api_;
  double seconds_to_ready_ = 0;
};

// One engine without the daemon and its sandbox: what the machine gives when nothing stands between.
class LoneEngine {
 public:
  // With the model folder that its manifest names, and a thread for each core.
  static Result<LoneEngine> start(const std::filesystem::path& build, std::string_view name);
  [[nodiscard]] net::Endpoint endpoint() const;
  [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }

 private:
  explicit LoneEngine(TemporaryFolder folder) : folder_(std::move(folder)) {}
  TemporaryFolder folder_;
  std::unique_ptr<Process> process_;
};

}  // namespace hearth::bench
