// A folder with engines for one test, and a supervisor over them. Everything is real: the sandbox where this host can
// give one, processes, sockets.
#pragma once

#include "co_test.h"

#include <hearth/engines/supervisor.h>

#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hearth::test {

namespace fs = std::filesystem;
namespace json = boost::json;
using net::awaitable;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "hearth-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ec;
    fs::remove_all(path_, ec);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Once per test program: it starts a sandbox.
inline const engines::Containment& containment() {
  static const engines::Containment found = engines::probe_containment();
  return found;
}

struct EngineKind {
  std::string name = "fixture";
  std::vector<std::string> args{};
  std::string more{};  // further lines of its engine.yaml
};

// Writes FOLDER/NAME with engine.yaml and the fixture program.
inline void install_engine(const fs::path& engines, const EngineKind& kind) {
  const fs::path folder = engines / kind.name;
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms(0755));
  std::error_code ec;
  fs::create_hard_link(FIXTURE_ENGINE, folder / "program", ec);
  if (ec) fs::copy_file(FIXTURE_ENGINE, folder / "program");
  std::ofstream(folder / "secret.txt") << "of " << kind.name;
  std::ofstream yaml(folder / "engine.yaml");
  yaml << "name: " << kind.name << "\ntitle: For tests\nprogram: program\nmodels:\n  - id: " << kind.name
       << "-1\n    task: media\n"
       << kind.more << "args:";
  if (kind.args.empty()) yaml << " []";
  for (const std::string& arg : kind.args) yaml << "\n  - \"" << arg << '"';
  yaml << "\n";
}

class Bench {
 public:
  using Adjust = std::function<void(engines::SupervisorOptions&, std::vector<engines::EngineSpec>&)>;
  explicit Bench(net::Executor executor, const std::vector<EngineKind>& kinds, engines::Policy policy = {},
                 engines::EngineSettings settings = {}, const Adjust& adjust = {})
      : pool_(2, 64) {
    fs::create_directories(root() / "engines");
    for (const EngineKind& kind : kinds) install_engine(root() / "engines", kind);
    auto found = engines::discover(root() / "engines");
    for (const Error& problem : found.problems) ADD_FAILURE() << problem.describe();
    std::vector<engines::EngineSpec> specs;
    for (auto& manifest : found.manifests) specs.push_back({std::move(manifest), settings});
    engines::SupervisorOptions options;
    options.runtime = root() / "run";
    options.sandbox = engines::SandboxMode::best_effort;
    options.containment = containment();
    options.cpus = 2;
    options.policy = policy;
    if (adjust) adjust(options, specs);
    supervisor_ = std::make_unique<engines::Supervisor>(executor, options, std::move(specs));
  }
  awaitable<void> start() {
    const auto started = co_await supervisor_->start(pool_);
    EXPECT_TRUE(started) << (started ? "" : started.error().describe());
  }
  awaitable<void> stop(Millis grace = Millis(5'000)) {
    const Deadline deadline = Deadline::in(grace);
    co_await supervisor_->stop(deadline);
  }
  [[nodiscard]] const fs::path& root() const { return folder_.path(); }
  [[nodiscard]] engines::Supervisor& supervisor() { return *supervisor_; }
  [[nodiscard]] engines::EngineStatus status(std::string_view name = "fixture") const {
    for (auto& engine : supervisor_->snapshot()) {
      if (engine.name == name) return engine;
    }
    ADD_FAILURE() << "no engine " << name;
    return {};
  }
  // One request to an engine: the answer as JSON. The lease ends with what it deserves.
  awaitable<Result<json::value>> ask(std::string method, std::string target, std::string name = "fixture",
                                     Millis patience = Millis(15'000)) {
    const Deadline deadline = Deadline::in(patience);
    auto lease = co_await supervisor_->acquire(name, deadline);
    if (!lease) co_return fail(lease.error());
    net::RequestHead head;
    head.method = std::move(method);
    head.target = std::move(target);
    const Deadline until = lease->deadline();
    const auto answer = co_await lease->client().fetch(std::move(head), "", 1 << 20, until);
    if (!answer) {
      lease->finish(answer.error().is(Errc::deadline_exceeded) ? engines::Outcome::timed_out
                                                               : engines::Outcome::failed);
      co_return fail(answer.error());
    }
    lease->finish(answer->head.status < 500 ? engines::Outcome::ok : engines::Outcome::error);
    boost::system::error_code ec;
    const json::value value = json::parse(answer->body, ec);
    if (ec) co_return fail(Errc::protocol_error, answer->body);
    co_return value;
  }
  // Waits for a state to be reached; false when it is not within the time.
  awaitable<bool> reaches(engines::State state, std::string name = "fixture", Millis patience = Millis(10'000)) {
    const Deadline deadline = Deadline::in(patience);
    while (!deadline.passed()) {
      if (status(name).state == state) co_return true;
      co_await net::sleep_for(Millis(2));
    }
    co_return false;
  }

 private:
  TemporaryFolder folder_;
  net::BlockingPool pool_;
  std::unique_ptr<engines::Supervisor> supervisor_;
};

// Whether a process of this machine ends within the time; true at once when it is gone. Watches it, does not poll.
class ProcessWatch {
 public:
  explicit ProcessWatch(pid_t pid) : fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  [[nodiscard]] bool ends_within(Millis time) const {
    if (!fd_) return true;
    pollfd wait{fd_.get(), POLLIN, 0};
    return ::poll(&wait, 1, static_cast<int>(time.count())) == 1;
  }
  [[nodiscard]] bool found() const { return static_cast<bool>(fd_); }

 private:
  Fd fd_;
};

}  // namespace hearth::test
