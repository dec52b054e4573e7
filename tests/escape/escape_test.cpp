// Does anything leave the box that may not? The real hearthd and its whole process tree, in a network namespace at
// whose other end every packet is seen.
#include "run_tool.h"
#include "world.h"

#include <hearth/core/clock.h>
#include <hearth/core/file.h>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

namespace hearth::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using engines::run_tool;
using Lines = std::set<std::string>;

std::string link_of(const fs::path& path) {
  std::error_code ec;
  return fs::read_symlink(path, ec).string();
}

// A field of /proc/…/status.
std::string field(const fs::path& status, const std::string& name) {
  std::ifstream in(status);
  std::string line;
  while (std::getline(in, line))
    if (line.starts_with(name + ":")) return line.substr(line.find_first_not_of(" \t", name.size() + 1));
  return {};
}

std::vector<pid_t> descendants(pid_t of) {
  std::multimap<pid_t, pid_t> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0) children.emplace(std::atoi(field(entry.path() / "status", "PPid").c_str()), pid);
  }
  std::vector<pid_t> found{of};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [first, last] = children.equal_range(found[i]);
    for (auto it = first; it != last; ++it) found.push_back(it->second);
  }
  return found;
}

class Escape : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!world_.problem().empty()) GTEST_SKIP() << world_.problem();
    write("engines/demo/engine.yaml",
          "name: demo\ntitle: For tests\nprogram: program\nmodels: [{id: demo-1, task: media}]\nstart_deadline: 1h\n"
          "args: []\n");
    fs::copy_file(FIXTURE_ENGINE, folder_ / "engines/demo/program");
    for (const char* program : {AS_USER, VIA})
      fs::copy_file(program, folder_ / "engines" / fs::path(program).filename());
    write("share/packs/demo.yaml",
          "name: demo\ntitle: For tests\npackages: [demo]\ncanary:\n  program: [/usr/bin/demo]\n  expect: demo\n");
  }
  // Until it answers; `more` of its configuration.
  void start(const std::string& more = {}) {
    write("data/hearth.yaml",
          "server:\n  listen: [\"127.0.0.1:0\"]\nengines:\n  sandbox: best_effort\npacks:\n  suite: test\n"
          "  mirror: http://mirror.example:8080/to/169.254.169.254/debian\n" +
              more);
    daemon_ = std::thread([this] {
      const auto ended = run_tool({.command = {HEARTHD_PROGRAM, "--data", (folder_ / "data").string()},
                                   .environment = environment(),
                                   .time = Millis(600'000),
                                   .stop = stop_.get_token()});
      if (ended) ADD_FAILURE() << "hearthd ended by itself: " << ended->errors;
    });
    const Deadline deadline = Deadline::in(Seconds(100));
    while (!deadline.passed() && !hearth("status").status.clean()) {
    }
    status_ = json::parse(hearth("status --json").output);
  }
  void TearDown() override {
    stop_.request_stop();
    if (daemon_.joinable()) daemon_.join();
    std::error_code ec;
    fs::remove_all(folder_, ec);
  }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment() const {
    return {{"PATH", "/usr/bin:/bin"},
            {"HEARTH_ENGINES", (folder_ / "engines").string()},
            {"HEARTH_SHARE", (folder_ / "share").string()}};
  }
  [[nodiscard]] engines::ToolResult hearth(const std::string& arguments) const {
    const auto result = run_tool(
        {.command = {"/bin/sh", "-c",
                     fmt::format("exec {} --data {} {}", HEARTH_PROGRAM, (folder_ / "data").string(), arguments)},
         .environment = environment()});
    EXPECT_TRUE(result);
    return result ? *result : engines::ToolResult();
  }
  [[nodiscard]] pid_t pid() const { return static_cast<pid_t>(status_.at("pid").to_number<int>()); }
  // An answer of the box's own API: its status, and its body.
  struct Answer {
    int status = 0;
    json::value body;
  };
  [[nodiscard]] Answer ask(const std::string& path, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> command{"/usr/bin/curl", "-s", "-w", "\n%{http_code}",
                                     std::string(status_.at("url").as_string()) + path};
    command.insert(command.end(), more.begin(), more.end());
    const auto said = run_tool({.command = command, .environment = {{"PATH", "/usr/bin"}}});
    EXPECT_TRUE(said && said->status.clean());
    if (!said) return {};
    const std::size_t line = said->output.rfind('\n');
    boost::system::error_code ec;
    return {std::atoi(said->output.c_str() + line + 1), json::parse(said->output.substr(0, line), ec)};
  }
  [[nodiscard]] Answer chat(const std::string& model, const std::vector<std::string>& headers = {}) const {
    std::vector<std::string> more{
        "-H", "Content-Type: application/json", "-d",
        fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":"Good morning."}}]}})", model)};
    for (const std::string& header : headers) more.insert(more.end(), {"-H", header});
    return ask("/v1/chat/completions", more);
  }
  // A call that is answered later and has ended, and whose webhook was tried.
  [[nodiscard]] json::object ended(const Answer& taken) const {
    EXPECT_EQ(taken.status, 202) << json::serialize(taken.body);
    if (taken.status != 202) return {};
    const std::string url(taken.body.at("url").as_string());
    const Deadline deadline = Deadline::in(Seconds(100));
    json::object call;
    do {
      call = ask(url).body.as_object();
    } while (call.at("webhook").at("attempts").to_number<int>() == 0 && !deadline.passed());
    return call;
  }
  // What the ledger says: "PURPOSE DESTINATION CLASS WHO", without repetition. Each must be complete.
  [[nodiscard]] Lines recorded() const {
    Lines lines;
    const json::value report = json::parse(hearth("egress report --json").output);
    for (const json::value& row : report.at("data").as_array()) {
      const auto text = [&](const char* key) { return std::string(row.at(key).as_string()); };
      lines.insert(fmt::format("{} {} {}", text("purpose"), text("destination"), text("class")));
      EXPECT_EQ(row.at("unfinished").to_number<int>(), 0) << json::serialize(row);
      EXPECT_GT(row.at("bytes_sent").to_number<int>(), 0) << json::serialize(row);
    }
    EXPECT_TRUE(hearth("egress verify").status.clean());
    return lines;
  }
  // What the hostile program said, by the names of its attempts.
  static std::map<std::string, std::string> attempts(const std::vector<std::string>& command) {
    std::map<std::string, std::string> said;
    const auto result = run_tool({.command = command, .environment = {{"PATH", "/usr/bin:/bin"}}});
    EXPECT_TRUE(result && result->status.clean()) << (result ? result->errors : result.error().describe());
    std::istringstream lines(result ? result->output : "");
    for (std::string line; std::getline(lines, line);)
      if (const auto at = line.rfind(": "); at != std::string::npos) said[line.substr(0, at)] = line.substr(at + 2);
    return said;
  }

  World world_;  // first: it forks, and moves this process
  fs::path folder_ = [] {
    std::string name = (fs::temp_directory_path() / "hearth-escape-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    return name;
  }();
  std::stop_source stop_;
  std::thread daemon_;
  json::value status_;
};

TEST_F(Escape, NothingLeavesButWhatMay) {
  start();
  EXPECT_EQ(world_.packets(), Lines()) << "the start of a box needs nothing";
  // The capture sees what there is to see: the same program, free.
  const auto free = attempts({HOSTILE});
  EXPECT_EQ(free.at("dns"), "ok");
  const Lines all{"tcp 93.184.216.34:81",   "tcp 10.66.0.1:80",
                  "tcp 169.254.169.254:80", "udp 93.184.216.34:53 stolen.example",
                  "icmp 93.184.216.34",     "udp [2606:2800::1]:53 "};
  const Lines seen = world_.packets();
  for (const std::string& line : all) EXPECT_TRUE(seen.contains(line)) << line;
  world_.forget();

  // hearthd: all its threads are under the filter, and of its process tree only the gate and the starter could make a
  // connection here: everything else is filtered, or has a network of its own.
  ASSERT_TRUE(status_.at("egress").at("locked_down").as_bool()) << json::serialize(status_.at("egress"));
  for (const auto& thread : fs::directory_iterator(fmt::format("/proc/{}/task", pid())))
    EXPECT_EQ(field(thread.path() / "status", "Seccomp"), "2") << thread.path();
  ASSERT_TRUE(hearth("engines start demo").status.clean()) << hearth("engines").output;
  Lines able;
  std::size_t elsewhere = 0;
  for (const pid_t each : descendants(pid())) {
    const fs::path proc = fmt::format("/proc/{}", each);
    if (each == pid()) continue;
    if (link_of(proc / "ns/net") != link_of("/proc/self/ns/net")) {
      ++elsewhere;
      continue;
    }
    if (field(proc / "status", "Seccomp") == "0") able.insert(field(proc / "status", "Name"));
  }
  EXPECT_EQ(able, (Lines{"bwrap", "hearth-gate", "hearth-starter"}));  // bwrap waits outside for what is inside
  EXPECT_GT(elsewhere, 0U);

  // An engine: its own attempts, and a program that it would run.
  const fs::path socket = folder_ / "data/run/engines/demo/engine.sock";
  const auto engine =
      run_tool({.command = {"/usr/bin/curl", "-s", "--unix-socket", socket.string(), "http://engine/escape"},
                .environment = {{"PATH", "/usr/bin"}}});
  ASSERT_TRUE(engine && engine->status.clean());
  const json::object tried = json::parse(engine->output).as_object();
  for (const char* family : {"inet", "inet6", "netlink", "packet"})
    EXPECT_EQ(tried.at(family).as_string(), "EAFNOSUPPORT");

  // A pull: by a private address, by names that lead there, by a redirect, and by a name that changes its mind.
  const auto refused = [&](const std::string& url) {
    const auto pulled = hearth(fmt::format("pull --insist --name x --task chat {}", url));
    EXPECT_FALSE(pulled.status.clean()) << url;
    return pulled.errors + pulled.output;
  };
  for (const char* url : {"http://10.66.0.1/model.gguf", "http://169.254.169.254/latest/meta-data.gguf",
                          "http://inner.example/model.gguf", "http://meta.example/model.gguf",
                          "http://0xa9fea9fe/model.gguf", "http://2852039166/model.gguf",
                          "http://[::ffff:169.254.169.254]/model.gguf", "http://localhost:1/model.gguf"}) {
    const std::string said = refused(url);
    EXPECT_TRUE(said.find("not contacted") != std::string::npos || said.find("no host") != std::string::npos)
        << url << said;
  }
  EXPECT_NE(refused("http://hub.example/to/169.254.169.254/model.gguf").find("not contacted"), std::string::npos);

  // A pack install: apt, which is redirected.
  EXPECT_FALSE(hearth("engines install demo").status.clean());

  // A hostile program behind the gate's proxy, as apt is.
  const auto caged =
      attempts({"/usr/bin/bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--unshare-net", "--unshare-pid",
                "--cap-drop", "ALL", "--", VIA, (folder_ / "data/run/proxy-packs.sock").string(), "--", HOSTILE});
  for (const char* name : {"tcp", "tcp private", "tcp metadata", "dns", "udp6"})
    EXPECT_EQ(caged.at(name), "ENETUNREACH") << name;
  EXPECT_EQ(caged.at("raw"), "EPERM");
  for (const char* name : {"169.254.169.254:80", "meta.example:80", "inner.example:80", "10.66.0.1:80", "127.0.0.1:80",
                           "localhost:80", "[::ffff:169.254.169.254]:80"})
    EXPECT_EQ(caged.at(name), "403") << name;
  for (const char* name : {"2852039166:80", "0xa9fea9fe:80"}) EXPECT_EQ(caged.at(name), "400") << name;
  EXPECT_EQ(caged.at("unknown.example:80"), "502");
  EXPECT_EQ(caged.at("hub.example:8080"), "200");
  EXPECT_EQ(caged.at("rebind.example"), "200");
  EXPECT_EQ(caged.at("rebind.example again"), "403");
  EXPECT_EQ(caged.at("redirect"), "302");

  // What went out, or tried to by a name that may be public, is in the ledger.
  const json::value report = json::parse(hearth("egress report --json").output);
  Lines recorded;
  for (const json::value& row : report.at("data").as_array())
    recorded.insert(
        fmt::format("{} {}", row.at("purpose").as_string().c_str(), row.at("destination").as_string().c_str()));
  const Lines wishes{"pull hub.example:80",      "pull inner.example:80",  "pull meta.example:80",
                     "pull localhost:1",         "pack hub.example:80",    "pack hub.example:8080",
                     "pack inner.example:80",    "pack localhost:80",      "pack meta.example:80",
                     "pack mirror.example:8080", "pack rebind.example:80", "pack unknown.example:80"};
  EXPECT_EQ(recorded, wishes);
  EXPECT_TRUE(hearth("egress verify").status.clean());

  // All that was ever sent: the allowed connections, and the gate's questions for names.
  Lines expected{"tcp 93.184.216.34:80", "tcp 93.184.216.34:8080"};
  for (const char* name :
       {"inner.example", "meta.example", "hub.example", "unknown.example", "mirror.example", "rebind.example"})
    expected.insert(fmt::format("udp 93.184.216.34:53 {}", name));
  EXPECT_EQ(world_.packets(), expected);
}

constexpr const char* kProviders =
    "providers:\n"
    "  far: {url: \"http://provider.example:8080/v1\", sees: internal, models: [m]}\n"
    "  inner: {url: \"http://inner.example/v1\", sees: secret, models: [n]}\n"
    "deferred:\n"
    "  webhooks: [\"http://hooks.example/told\", \"http://inner.example/told\"]\n";

TEST_F(Escape, ProvidersAndWebhooksAreReachedThroughTheGateAndStandInTheLedger) {
  start(kProviders);
  const Answer answer = chat("far/m", {"x-hearth-data-class: public"});
  ASSERT_EQ(answer.status, 200) << json::serialize(answer.body);
  const std::string later = "Prefer: respond-async";
  const json::object call =
      ended(chat("far/m", {later, "x-hearth-data-class: internal", "x-hearth-webhook: http://hooks.example/told?it"}));
  EXPECT_EQ(call.at("status").as_string(), "done");
  EXPECT_EQ(call.at("webhook").at("status").as_string(), "delivered");
  const Lines told{"provider provider.example:8080 public", "provider provider.example:8080 internal",
                   "webhook hooks.example:80 internal"};
  EXPECT_EQ(recorded(), told);

  // What may not go: data of a class that nobody may see who is asked, a provider's and a webhook's name that lead to a
  // private address, webhooks that nobody named.
  const Answer denied = chat("far/m", {"x-hearth-data-class: personal"});
  EXPECT_EQ(denied.status, 403) << json::serialize(denied.body);
  const Answer within = chat("inner/n", {"x-hearth-data-class: public"});
  EXPECT_EQ(within.status, 503) << json::serialize(within.body);
  const json::object untold =
      ended(chat("far/m", {later, "x-hearth-data-class: public", "x-hearth-webhook: http://inner.example/told"}));
  EXPECT_EQ(untold.at("webhook").at("status").as_string(), "pending");
  for (const char* url : {"http://169.254.169.254/told", "http://elsewhere.example/told", "http://10.66.0.1/told",
                          "http://hooks.example.elsewhere.example/told", "http://hooks.example:8080/told"}) {
    const Answer refused = chat("far/m", {later, fmt::format("x-hearth-webhook: {}", url)});
    EXPECT_EQ(refused.status, 403) << url << json::serialize(refused.body);
  }

  const Lines expected{"tcp 93.184.216.34:8080", "tcp 93.184.216.34:80", "udp 93.184.216.34:53 provider.example",
                       "udp 93.184.216.34:53 hooks.example", "udp 93.184.216.34:53 inner.example"};
  EXPECT_EQ(world_.packets(), expected);
}

TEST_F(Escape, AClosedBoxSendsNoPacketWhateverIsAskedOfIt) {
  start(std::string(kProviders) + "egress:\n  mode: closed\n");
  const Answer answer = chat("far/m", {"x-hearth-data-class: public"});
  EXPECT_EQ(answer.status, 503) << json::serialize(answer.body);
  const json::object call =
      ended(chat("far/m", {"Prefer: respond-async", "x-hearth-data-class: public", "x-hearth-deadline: 1",
                           "x-hearth-webhook: http://hooks.example/told"}));
  EXPECT_EQ(call.at("status").as_string(), "expired");
  EXPECT_EQ(call.at("webhook").at("status").as_string(), "pending");
  EXPECT_FALSE(hearth("pull --insist --name x --task chat http://hub.example/model.gguf").status.clean());
  EXPECT_FALSE(hearth("engines install demo").status.clean());
  EXPECT_TRUE(hearth("egress verify").status.clean());
  EXPECT_EQ(world_.packets(), Lines());
}

}  // namespace
}  // namespace hearth::test
