// Engines that run in a pack: a root file system of their own instead of the host's. Without a sandbox here, what is
// tested is that they do not run.
#include "engine_bench.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace hearth::test {
namespace {

using engines::State;

// Paths of the shared libraries a program is linked to, the loader first among them.
std::vector<fs::path> libraries_of(const std::string& program) {
  const std::unique_ptr<FILE, int (*)(FILE*)> ldd(::popen(("ldd " + program).c_str(), "r"), ::pclose);
  std::vector<fs::path> found;
  std::array<char, 4096> line{};
  while (ldd && std::fgets(line.data(), line.size(), ldd.get()) != nullptr) {
    const std::string_view text(line.data());
    const std::size_t from = text.find('/');
    if (from != std::string_view::npos) found.emplace_back(text.substr(from, text.find(' ', from) - from));
  }
  return found;
}

std::vector<std::string> names_at(const json::value& value) {
  std::vector<std::string> names;
  for (const json::value& name : value.as_object().at("names").as_array()) names.emplace_back(name.as_string());
  return names;
}

EngineKind packed_kind() {
  return {.more = "pack: demo\n"};
}

// The manifest that install_engine() wrote, with the pack's own program.
void use_program_of_pack(const fs::path& folder) {
  auto text = read_file(folder / "engine.yaml", 1 << 16);
  ASSERT_TRUE(text);
  text->replace(text->find("program: program"), 16, "program: /usr/bin/fixture");
  std::ofstream(folder / "engine.yaml") << *text;
}

void point_to(const fs::path& packs, const std::string& version) {
  fs::remove(packs / "demo/current");
  fs::create_directory_symlink("../store/" + version, packs / "demo/current");
}

class PackBench {
 public:
  explicit PackBench(const net::Executor& executor, bool program_in_pack, bool installed = true) : pool_(2, 64) {
    install_engine(root() / "engines", packed_kind());
    if (program_in_pack) use_program_of_pack(root() / "engines/fixture");
    if (installed) install_pack(root() / "packs", "demo", "demo-1");
    std::vector<engines::EngineSpec> specs;
    for (auto& manifest : engines::discover(root() / "engines").manifests) specs.push_back({manifest, {}});
    engines::SupervisorOptions options;
    options.runtime = root() / "run";
    options.packs = root() / "packs";
    options.sandbox = engines::SandboxMode::best_effort;
    options.containment = containment();
    supervisor_ = std::make_unique<engines::Supervisor>(executor, options, std::move(specs));
  }
  [[nodiscard]] const fs::path& root() const { return folder_.path(); }
  [[nodiscard]] engines::Supervisor& supervisor() { return *supervisor_; }
  [[nodiscard]] engines::EngineStatus status() const { return supervisor_->snapshot().at(0); }
  awaitable<void> start() {
    const auto started = co_await supervisor_->start(pool_);
    EXPECT_TRUE(started);
  }
  awaitable<void> stop() { co_await supervisor_->stop(Deadline::in(kEndless)); }
  awaitable<Result<json::value>> ask(std::string target) {
    const Deadline deadline = Deadline::in(kEndless);
    auto lease = co_await supervisor_->acquire("fixture", deadline);
    if (!lease) co_return fail(lease.error());
    net::RequestHead head;
    head.method = target.starts_with("/read") || target.starts_with("/write") ? "POST" : "GET";
    head.target = std::move(target);
    const auto answer = co_await lease->client().fetch(std::move(head), "", 1 << 20, deadline);
    if (!answer) co_return fail(answer.error());
    lease->finish(engines::Outcome::ok);
    if (answer->head.status != 200) co_return fail(Errc::protocol_error, answer->body);
    co_return json::parse(answer->body);
  }

 private:
  TemporaryFolder folder_;
  net::BlockingPool pool_;
  std::unique_ptr<engines::Supervisor> supervisor_;
};

CO_TEST(Packs, AnEngineSeesItsPackInsteadOfTheHost) {
  for (const bool program_in_pack : {true, false}) {
    PackBench bench(co_await boost::asio::this_coro::executor, program_in_pack);
    co_await bench.start();
    const auto root = co_await bench.ask("/read?path=/usr");
    if (!containment().isolated()) {
      CO_ASSERT(!root);
      EXPECT_NE(root.error().message().find("takes a sandbox"), std::string::npos) << root.error().message();
      EXPECT_EQ(bench.status().state, State::absent);
      co_await bench.stop();
      continue;
    }
    CO_ASSERT(root);
    const std::vector<std::string> seen = names_at(*root);
    EXPECT_TRUE(std::ranges::find(seen, "share") == seen.end()) << "the host's /usr is not there";
    EXPECT_EQ(bench.status().pack, "demo-1");
    const auto own = co_await bench.ask("/read?path=/etc/version.txt");
    CO_ASSERT(own);
    EXPECT_EQ(own->as_object().at("result").as_string(), "ok");
    for (const char* hidden : {"/usr/bin/env", "/var/lib", "/etc/passwd"}) {
      const auto result = co_await bench.ask(fmt::format("/read?path={}", hidden));
      CO_ASSERT(result);
      EXPECT_EQ(result->as_object().at("result").as_string(), "ENOENT") << hidden;
    }
    const auto written = co_await bench.ask("/write?path=/usr/bin/new");
    CO_ASSERT(written);
    EXPECT_NE(written->as_object().at("result").as_string(), "ok");
    const auto self = co_await bench.ask("/self");
    CO_ASSERT(self);
    EXPECT_NE(self->as_object().at("uid").to_number<int>(), 0);
    const std::string status(self->as_object().at("status").as_string());
    EXPECT_NE(status.find("CapEff:\t0000000000000000"), std::string::npos) << status;
    EXPECT_NE(status.find("Seccomp:\t2"), std::string::npos) << status;
    EXPECT_NE(status.find("NoNewPrivs:\t1"), std::string::npos) << status;
    EXPECT_NE(status.find("Groups:\t \n"), std::string::npos) << status;
    co_await bench.stop();
  }
}

CO_TEST(Packs, AreMissedUntilTheyComeAndAgainWhenTheyGo) {
  PackBench bench(co_await boost::asio::this_coro::executor, true, false);
  co_await bench.start();
  if (containment().isolated()) {
    const auto refused = co_await bench.ask("/echo");
    CO_ASSERT(!refused);
    EXPECT_TRUE(refused.error().is(Errc::failed_precondition));
    EXPECT_NE(refused.error().message().find("hearth engines install demo"), std::string::npos);
    EXPECT_EQ(bench.status().state, State::absent);

    install_pack(bench.root() / "packs", "demo", "demo-1");
    const auto came = co_await bench.supervisor().reconsider();
    EXPECT_TRUE(came);
    EXPECT_EQ(bench.status().state, State::stopped);
    const auto answered = co_await bench.ask("/echo");
    EXPECT_TRUE(answered) << answered.error().describe();

    const auto stopped = co_await bench.supervisor().stop_engine("fixture", Deadline::in(kEndless));
    EXPECT_TRUE(stopped);
    fs::remove_all(bench.root() / "packs/demo");
    const auto gone = co_await bench.supervisor().reconsider();
    EXPECT_TRUE(gone);
    EXPECT_EQ(bench.status().state, State::absent);
    EXPECT_NE(bench.status().last_error.find("not installed"), std::string::npos);
  }
  co_await bench.stop();
}

CO_TEST(Packs, ARestartTakesTheVersionThatIsCurrent) {
  PackBench bench(co_await boost::asio::this_coro::executor, true);
  co_await bench.start();
  if (containment().isolated()) {
    EXPECT_EQ(bench.supervisor().engines_of_pack("demo"), std::vector<std::string>{"fixture"});
    EXPECT_TRUE(bench.supervisor().engines_of_pack("other").empty());
    const auto before = co_await bench.ask("/echo");
    EXPECT_TRUE(before);
    EXPECT_EQ(bench.status().pack, "demo-1");
    install_pack(bench.root() / "packs", "demo", "demo-2");
    EXPECT_EQ(bench.status().pack, "demo-1") << "what runs goes on";
    const auto again = co_await bench.supervisor().restart_engine("fixture", Deadline::in(kEndless));
    EXPECT_TRUE(again);
    EXPECT_EQ(bench.status().pack, "demo-2");
    point_to(bench.root() / "packs", "demo-1");
    const auto back = co_await bench.supervisor().restart_engine("fixture", Deadline::in(kEndless));
    EXPECT_TRUE(back);
    EXPECT_EQ(bench.status().pack, "demo-1");
  }
  co_await bench.stop();
}

CO_TEST(Packs, ADeletedPackIsAClearFailureAndItsReturnHeals) {
  PackBench bench(co_await boost::asio::this_coro::executor, true);
  co_await bench.start();
  if (containment().isolated()) {
    fs::rename(bench.root() / "packs/store/demo-1", bench.root() / "packs/store/elsewhere");
    const auto failed = co_await bench.supervisor().start_engine("fixture", Deadline::in(kEndless));
    EXPECT_FALSE(failed);
    EXPECT_NE(bench.status().last_error.find("the pack demo is damaged"), std::string::npos)
        << bench.status().last_error;
    fs::rename(bench.root() / "packs/store/elsewhere", bench.root() / "packs/store/demo-1");
    const auto healed = co_await bench.supervisor().start_engine("fixture", Deadline::in(kEndless));
    EXPECT_TRUE(healed) << healed.error().describe();
  }
  co_await bench.stop();
}

}  // namespace

void install_pack(const fs::path& packs, const std::string& name, const std::string& version) {
  const fs::path root = packs / "store" / version / "root";
  for (const char* folder : {"usr/bin", "usr/lib", "usr/lib64", "etc", "proc", "var"})
    fs::create_directories(root / folder);
  fs::copy_file(FIXTURE_ENGINE, root / "usr/bin/fixture");
  for (const fs::path& library : libraries_of(FIXTURE_ENGINE)) {
    const fs::path place = root / (library.string().starts_with("/lib64/") ? "usr/lib64" : "usr/lib");
    fs::copy_file(fs::canonical(library), place / library.filename());
  }
  std::ofstream(root / "etc/version.txt") << version;
  fs::create_directories(packs / name);
  fs::remove(packs / name / "current");
  fs::create_directory_symlink("../store/" + version, packs / name / "current");
}

}  // namespace hearth::test
