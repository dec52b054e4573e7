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

// Longer than any test: where this is a deadline, nothing ends because it has passed.
constexpr Seconds kEndless{3'600};

// The fixture program, readable for the user that an engine runs as, whatever this one's umask was.
inline void install_program(const fs::path& to) {
  constexpr auto kForAll = fs::perms::others_read | fs::perms::others_exec;
  std::error_code ec;
  if ((fs::status(FIXTURE_ENGINE).permissions() & kForAll) == kForAll) fs::create_hard_link(FIXTURE_ENGINE, to, ec);
  if (fs::exists(to)) return;
  fs::copy_file(FIXTURE_ENGINE, to);
  fs::permissions(to, fs::perms(0755));
}

// Writes FOLDER/NAME with engine.yaml and the fixture program. Its deadlines are endless unless `kind.more` says
// others.
inline void install_engine(const fs::path& engines, const EngineKind& kind) {
  const fs::path folder = engines / kind.name;
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms(0755));
  install_program(folder / "program");
  std::ofstream(folder / "secret.txt") << "of " << kind.name;
  fs::permissions(folder / "secret.txt", fs::perms(0644));
  std::ofstream yaml(folder / "engine.yaml");
  yaml << "name: " << kind.name << "\ntitle: For tests\nprogram: program\nmodels:\n  - id: " << kind.name
       << "-1\n    task: media\n"
       << kind.more;
  for (const char* deadline : {"start_deadline", "request_deadline"}) {
    if (kind.more.find(deadline) == std::string::npos) yaml << deadline << ": " << kEndless.count() << "s\n";
  }
  yaml << "args:";
  if (kind.args.empty()) yaml << " []";
  for (const std::string& arg : kind.args) yaml << "\n  - \"" << arg << '"';
  yaml << "\n";
  yaml.close();
  fs::permissions(folder / "engine.yaml", fs::perms(0644));
}

// Makes <packs>/NAME a pack of version NAME-VERSION with the fixture program as /usr/bin/fixture and the libraries it
// needs, and nothing else.
void install_pack(const fs::path& packs, const std::string& name, const std::string& version);

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
    options.packs = root() / "packs";
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
  // Requests in flight may end within `grace`.
  awaitable<void> stop(Millis grace = kEndless) {
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
  // A place in an engine, waited for without end.
  awaitable<Result<engines::Lease>> take_place(std::string name = "fixture") {
    const Deadline deadline = Deadline::in(kEndless);
    co_return co_await supervisor_->acquire(std::move(name), deadline);
  }
  // One request to an engine: the answer as JSON, within `time` from when it has a place. The lease ends with what it
  // deserves.
  awaitable<Result<json::value>> ask(std::string method, std::string target, std::string name = "fixture",
                                     Millis time = kEndless) {
    auto lease = co_await take_place(std::move(name));
    if (!lease) co_return fail(lease.error());
    net::RequestHead head;
    head.method = std::move(method);
    head.target = std::move(target);
    const Deadline until = lease->deadline().sooner_of(Deadline::in(time));
    const auto answer = co_await lease->client().fetch(std::move(head), "", 1 << 20, until);
    if (!answer) {
      lease->finish(answer.error().is(Errc::deadline_exceeded) ? engines::Outcome::timed_out
                                                               : engines::Outcome::failed);
      co_return fail(answer.error());
    }
    lease->finish(answer->head.status == 429  ? engines::Outcome::exhausted
                  : answer->head.status < 500 ? engines::Outcome::ok
                                              : engines::Outcome::error);
    boost::system::error_code ec;
    const json::value value = json::parse(answer->body, ec);
    if (ec) co_return fail(Errc::protocol_error, answer->body);
    co_return value;
  }
  // Waits for a state to be reached; false when it does not come to that.
  awaitable<bool> reaches(engines::State state) {
    co_return co_await eventually([this, state] { return status().state == state; });
  }
  // Waits until so many requests are being worked on.
  awaitable<bool> works_on(std::uint32_t requests) {
    co_return co_await eventually([this, requests] { return status().in_flight == requests; });
  }

 private:
  TemporaryFolder folder_;
  net::BlockingPool pool_;
  std::unique_ptr<engines::Supervisor> supervisor_;
};

// Whether a process of this machine has ended, or does so soon. Watches it, does not poll.
class ProcessWatch {
 public:
  explicit ProcessWatch(pid_t pid) : fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  [[nodiscard]] bool ended() const { return ends_within(Millis(0)); }
  [[nodiscard]] bool ends() const { return ends_within(kPatience); }
  [[nodiscard]] bool found() const { return static_cast<bool>(fd_); }

 private:
  [[nodiscard]] bool ends_within(Millis time) const {
    if (!fd_) return true;
    pollfd wait{fd_.get(), POLLIN, 0};
    return ::poll(&wait, 1, static_cast<int>(time.count())) == 1;
  }
  Fd fd_;
};

// Has every thread stopped? SIGSTOP takes effect when the thread that gets it runs, and until then the others go on.
inline bool is_stopped(pid_t pid) {
  std::error_code ec;
  for (const auto& thread : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), ec)) {
    const auto stat = read_file(thread.path() / "stat", 4096);
    if (stat && stat->substr(stat->rfind(')') + 1, 2) != " T") return false;
  }
  return !ec;
}

}  // namespace hearth::test
