// Engine packs, as the daemon installs them: one at a time, on a thread of its own, and with the engines that run in
// them.
#pragma once

#include <hearth/config/config.h>
#include <hearth/engines/pack_install.h>
#include <hearth/engines/supervisor.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hearth::daemon {

// Any thread, but for stop().
class PackManager {
 public:
  // `io`: the supervisor's executor, on which `changed` is called when engines may run that could not before, or the
  // other way round. `supervisor` outlives this.
  PackManager(const config::Config& config, engines::Containment containment, engines::PackNetwork network,
              engines::Supervisor& supervisor, net::Executor io, std::function<void()> changed);
  ~PackManager();  // after stop()
  PackManager(const PackManager&) = delete;
  PackManager& operator=(const PackManager&) = delete;

  // repair: as it is locked, from where it came.
  enum class Kind { install, upgrade, rollback, repair };
  using From = engines::PackOptions::From;
  struct Outcome {
    std::string id;
    bool changed = false;
    bool made = false;
    std::string note;                  // in words; may be empty
    std::vector<std::string> engines;  // that were started in it
  };
  struct Progress {
    engines::PackProgress now;
    std::optional<Result<Outcome>> outcome;  // set when it is over
  };
  class Job;  // one installation: shared by the thread that does it and those who look on

  // Begins. When it is in use, engines that run in the pack are restarted between requests and must pass their canary;
  // if one does not, the version before comes back and the outcome is the reason. `image`: for From::image, as
  // egress::parse_image_name() takes it. invalid_argument (that is none), not_found (no such recipe),
  // resource_exhausted (another one is under way), unavailable (the daemon ends).
  Result<std::shared_ptr<Job>> start(const std::string& name, Kind kind, From from, const std::string& image = {});
  [[nodiscard]] static Progress look(const Job& job);
  // Nobody wants it any more. What is in use by then stays.
  static void cancel(Job& job);

  // Reads the store. Blocks for as long as that takes.
  [[nodiscard]] std::vector<engines::PackStatus> installed() const;
  [[nodiscard]] std::vector<engines::Recipe> recipes() const;

  // What is wrong with the version in use, in words; nullopt: nothing, or no version is installed. `programs`: paths
  // inside it that must be there. Reads a folder.
  [[nodiscard]] std::optional<std::string> find_damage(const std::string& name,
                                                       const std::set<std::filesystem::path>& programs) const;
  struct Versions {
    std::string current;
    std::string previous;  // empty: none
    WallTime since;        // when `current` was put into use
  };
  // nullopt: none is in use.
  [[nodiscard]] std::optional<Versions> versions(const std::string& name) const;

  // From now on nothing begins, and an engine that fails is not the pack's failure. On the I/O thread.
  void close();
  // close(), and waits for the end of what is under way, on the I/O thread, which it may need until then.
  net::awaitable<void> stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::daemon
