// What an engine sees and may do. Where this host gives no sandbox, the limits that are left are tested.
#include "engine_bench.h"

#include <algorithm>
#include <set>

namespace hearth::test {
namespace {

using engines::State;

std::string text_at(const json::value& value, std::string_view key) {
  const json::value* found = value.as_object().if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : "(none)";
}

std::vector<std::string> texts_at(const json::value& value, std::string_view key) {
  std::vector<std::string> texts;
  if (const json::value* found = value.as_object().if_contains(key)) {
    for (const json::value& item : found->as_array()) texts.emplace_back(item.as_string());
  }
  std::ranges::sort(texts);
  return texts;
}

// The value of a line "Name: value" in /proc/self/status.
std::string line_of(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + ":");
  if (at == std::string::npos) return "(none)";
  const std::size_t from = text.find_first_not_of(" \t", at + name.size() + 2);
  return text.substr(from, text.find('\n', from) - from);
}

awaitable<std::string> try_read(Bench& bench, std::string path) {
  const auto answer = co_await bench.ask("POST", "/read?path=" + path);
  if (!answer) co_return "failed: " + answer.error().describe();
  co_return text_at(*answer, "result");
}

awaitable<std::string> try_write(Bench& bench, std::string path) {
  const auto answer = co_await bench.ask("POST", "/write?path=" + path);
  if (!answer) co_return "failed: " + answer.error().describe();
  co_return text_at(*answer, "result");
}

TEST(Containment, IsReportedInWords) {
  const engines::Containment& found = containment();
  fmt::print("containment: {}; {}\n", found.summary(), found.problem);
  EXPECT_FALSE(found.summary().empty());
  EXPECT_EQ(found.isolated(), found.problem.empty());
}

CO_TEST(Sandbox, SeesOnlyWhatIsItsOwn) {
  Bench bench(co_await boost::asio::this_coro::executor, {{}, {.name = "other"}});
  co_await bench.start();
  const std::string own = (bench.root() / "engines/fixture").string();
  const std::string other = (bench.root() / "engines/other").string();
  const std::string scratch = (bench.root() / "run/scratch/fixture").string();
  const auto own_secret = co_await try_read(bench, own + "/secret.txt");
  EXPECT_EQ(own_secret, "ok");
  const auto writes_scratch = co_await try_write(bench, scratch + "/mine");
  EXPECT_EQ(writes_scratch, "ok");
  if (containment().isolated()) {
    for (const std::string& path :
         {other, other + "/secret.txt", std::string("/etc/shadow"), std::string("/etc/passwd"), std::string("/root"),
          std::string("/home"), std::string("/var"), (bench.root() / "run/scratch/other").string(),
          (bench.root() / "run/engines/other").string()}) {
      const auto result = co_await try_read(bench, path);
      EXPECT_EQ(result, "ENOENT") << path;
    }
    for (const std::string& path : {own + "/secret.txt", own + "/new", std::string("/usr/new"), std::string("/new"),
                                    std::string("/etc/new"), std::string("/proc/sys/kernel/hostname")}) {
      const auto result = co_await try_write(bench, path);
      EXPECT_TRUE(result == "EROFS" || result == "EACCES" || result == "EPERM") << path << ": " << result;
    }
    const auto root = co_await bench.ask("POST", "/read?path=/");
    CO_ASSERT(root);
    std::set<std::string> seen;
    for (const std::string& name : texts_at(*root, "names")) seen.insert(name);
    for (const char* hidden : {"home", "root", "var", "boot", "opt", "srv", "mnt"})
      EXPECT_FALSE(seen.contains(hidden)) << hidden;
  }
  co_await bench.stop();
}

CO_TEST(Sandbox, HasNoNetworkAndNoWayOut) {
  Bench bench(co_await boost::asio::this_coro::executor, {{}});
  co_await bench.start();
  if (containment().isolated()) {
    const auto tried = co_await bench.ask("GET", "/escape");
    CO_ASSERT(tried);
    for (const char* family : {"inet", "inet6", "netlink", "packet"})
      EXPECT_EQ(text_at(*tried, family), "EAFNOSUPPORT");
    EXPECT_EQ(text_at(*tried, "unix"), "ok");
    for (const char* call : {"ptrace", "mount", "unshare", "bpf"}) EXPECT_EQ(text_at(*tried, call), "EPERM") << call;
    EXPECT_EQ(text_at(*tried, "io_uring"), "ENOSYS");
    for (const char* call : {"hostname", "kill_all"}) EXPECT_NE(text_at(*tried, call), "(none)") << call;
    EXPECT_EQ(text_at(*tried, "hostname"), "EPERM");
    EXPECT_NE(text_at(*tried, "setuid"), "ok");
    // Only the loopback device.
    const std::string devices = text_at(*tried, "proc_net_dev");
    EXPECT_EQ(std::ranges::count(devices, ':'), 1) << devices;
    EXPECT_NE(devices.find("lo:"), std::string::npos) << devices;
    const auto alive = co_await bench.ask("GET", "/echo");
    EXPECT_TRUE(alive);
  }
  co_await bench.stop();
}

CO_TEST(Sandbox, SeesNoOtherProcessAndInheritsNothing) {
  ::setenv("HEARTH_TEST_SECRET", "do not pass on", 1);
  const Fd leaked(::open("/etc/passwd", O_RDONLY));  // on purpose without O_CLOEXEC
  Bench bench(co_await boost::asio::this_coro::executor, {{}});
  co_await bench.start();
  const auto self = co_await bench.ask("GET", "/self");
  CO_ASSERT(self);
  const json::object& env = self->as_object().at("environment").as_object();
  EXPECT_FALSE(env.contains("HEARTH_TEST_SECRET"));
  EXPECT_TRUE(env.contains("PATH"));
  // Its input and output, and what the kit opens itself: two ends of a pipe, sockets, event descriptors.
  std::set<std::string> pipes;
  for (const std::string& target : texts_at(*self, "descriptors")) {
    if (target.starts_with("pipe:")) pipes.insert(target);
    EXPECT_TRUE(target.starts_with("pipe:") || target.starts_with("socket:") ||
                target.starts_with("anon_inode:[event") || target == "anon_inode:[timerfd]")
        << target;
  }
  EXPECT_LE(pipes.size(), 3U);
  const std::string status = text_at(*self, "status");
  const std::string limits = text_at(*self, "limits");
  EXPECT_NE(limits.find("Max core file size        0 "), std::string::npos) << limits;
  if (containment().isolated()) {
    EXPECT_EQ(line_of(status, "CapEff"), "0000000000000000");
    EXPECT_EQ(line_of(status, "CapPrm"), "0000000000000000");
    EXPECT_EQ(line_of(status, "CapAmb"), "0000000000000000");
    EXPECT_EQ(line_of(status, "NoNewPrivs"), "1");
    EXPECT_EQ(line_of(status, "Seccomp"), "2");
    EXPECT_NE(self->as_object().at("uid").to_number<int>(), 0);
    int processes = 0;
    for (const std::string& name : texts_at(*self, "processes"))
      processes += name.find_first_not_of("0123456789") == std::string::npos ? 1 : 0;
    EXPECT_EQ(processes, 2) << "bubblewrap's first process and itself";
    EXPECT_NE(limits.find("Max processes             512 "), std::string::npos) << limits;
  }
  co_await bench.stop();
}

CO_TEST(Sandbox, MemoryHasALimitThatTheEngineSurvives) {
  Bench bench(co_await boost::asio::this_coro::executor, {{.more = "memory: 96 MiB\n"}});
  co_await bench.start();
  const auto self = co_await bench.ask("GET", "/self");
  CO_ASSERT(self);
  const std::string limits = text_at(*self, "limits");
  // Sanitizers map terabytes of shadow memory, so their builds run without this limit.
  if (limits.find("Max data size             100663296 ") != std::string::npos) {
    const auto leak = co_await bench.ask("POST", "/leak");
    CO_ASSERT(leak);
    EXPECT_TRUE(leak->as_object().at("limited").as_bool());
    EXPECT_LT(leak->as_object().at("bytes").to_number<std::uint64_t>(), 100663296U);
    const auto alive = co_await bench.ask("GET", "/echo");
    EXPECT_TRUE(alive);
    EXPECT_EQ(bench.status().restarts, 0U);
  } else {
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
    ADD_FAILURE() << "no limit on memory: " << limits;
#endif
  }
  co_await bench.stop();
}

CO_TEST(Sandbox, RequiredButMissingRefusesWithTheRemedy) {
  const TemporaryFolder folder;
  install_engine(folder.path() / "engines", {});
  std::vector<engines::EngineSpec> specs;
  for (auto& manifest : engines::discover(folder.path() / "engines").manifests) specs.push_back({manifest, {}});
  engines::SupervisorOptions options;
  options.runtime = folder.path() / "run";
  options.sandbox = engines::SandboxMode::required;
  options.containment.problem = engines::sandbox_remedy({});
  net::BlockingPool pool(1, 16);
  engines::Supervisor supervisor(co_await boost::asio::this_coro::executor, options, std::move(specs));
  const auto started = co_await supervisor.start(pool);
  EXPECT_TRUE(started);
  const Deadline deadline = Deadline::in(kEndless);
  const auto lease = co_await supervisor.acquire("fixture", deadline);
  CO_ASSERT(!lease);
  EXPECT_TRUE(lease.error().is(Errc::failed_precondition));
  EXPECT_NE(lease.error().message().find("apt install bubblewrap"), std::string::npos) << lease.error().message();
  EXPECT_NE(lease.error().message().find("best_effort"), std::string::npos) << lease.error().message();
  co_await supervisor.stop(deadline);
}

CO_TEST(Sandbox, BestEffortRunsWithLimitsAndSaysSo) {
  const TemporaryFolder folder;
  install_engine(folder.path() / "engines", {});
  std::vector<engines::EngineSpec> specs;
  for (auto& manifest : engines::discover(folder.path() / "engines").manifests) specs.push_back({manifest, {}});
  engines::SupervisorOptions options;
  options.runtime = folder.path() / "run";
  options.sandbox = engines::SandboxMode::best_effort;
  net::BlockingPool pool(1, 16);
  engines::Supervisor supervisor(co_await boost::asio::this_coro::executor, options, std::move(specs));
  const auto started = co_await supervisor.start(pool);
  EXPECT_TRUE(started);
  const Deadline deadline = Deadline::in(kEndless);
  const auto ready = co_await supervisor.start_engine("fixture", deadline);
  EXPECT_TRUE(ready) << ready.error().describe();
  EXPECT_EQ(supervisor.snapshot().at(0).containment, "resource limits only");
  EXPECT_GT(supervisor.snapshot().at(0).pid, 0);
  co_await supervisor.stop(deadline);
  EXPECT_EQ(supervisor.snapshot().at(0).pid, 0);
}

}  // namespace
}  // namespace hearth::test
