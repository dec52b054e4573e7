// hearthd and hearth together, with packs from a repository on loopback and an engine that runs in one.
#include "apt_repository.h"

#include <fmt/format.h>

namespace hearth::test {
namespace {

class Box {
 public:
  explicit Box(const AptRepository& repository, const std::string& more = {}) {
    write("engines/demo/engine.yaml",
          "name: demo\npack: demo\nprogram: /usr/bin/fixture\nmodels: [{id: demo-1, task: media}]\n"
          "start_deadline: 1h\ncanary: {path: /echo}\nargs: [\"--exit-when={data}/no-good\"]\n");
    // The canary engines answer is the fixture's; the pack's own is a smaller program.
    write("share/packs/demo.yaml",
          "name: demo\ntitle: For tests\npackages: [demo]\ncanary:\n  program: [/usr/bin/demo]\n  expect: demo\n");
    fs::copy_file(AS_USER, folder_.path() / "engines/hearth-as-user");
    fs::copy_file(VIA, folder_.path() / "engines/hearth-via");
    const engines::PackSource source = repository.source();
    write("data/hearth.yaml", fmt::format("server:\n  listen: [\"127.0.0.1:0\"]\npacks:\n  suite: test\n  mirror: {}\n"
                                          "  keyring: {}\n",
                                          source.mirror, source.keyring.string()) +
                                  more);
    daemon_ = std::thread([this] {
      const engines::Tool hearthd{.command = {HEARTHD_PROGRAM, "--data", data()},
                                  .environment = environment(),
                                  .time = Millis(600'000),
                                  .stop = stop_.get_token()};
      const auto ended = engines::run_tool(hearthd);
      if (ended) ADD_FAILURE() << "hearthd ended by itself: " << ended->errors;
    });
  }
  ~Box() {
    stop_.request_stop();
    daemon_.join();
  }
  Box(const Box&) = delete;
  Box& operator=(const Box&) = delete;

  // Until it listens; the limit only guards against hanging.
  bool is_up() const {
    const Deadline deadline = Deadline::in(Seconds(60));
    while (!deadline.passed()) {
      if (hearth("status").status.clean()) return true;
    }
    return false;
  }
  [[nodiscard]] Result<engines::ToolResult> hearth(const std::string& arguments, const std::stop_token& stop) const {
    return engines::run_tool(
        {.command = {"/bin/sh", "-c", fmt::format("exec {} --data {} {}", HEARTH_PROGRAM, data(), arguments)},
         .environment = environment(),
         .stop = stop});
  }
  [[nodiscard]] engines::ToolResult hearth(const std::string& arguments) const {
    const auto result = hearth(arguments, {});
    EXPECT_TRUE(result);
    return result ? *result : engines::ToolResult();
  }
  // Until the engine runs, whatever it takes; nobody does anything but ask for it.
  [[nodiscard]] bool runs() const {
    const Deadline deadline = Deadline::in(Seconds(300));
    while (!deadline.passed()) {
      if (hearth("engines start demo").status.clean()) return true;
    }
    return false;
  }
  [[nodiscard]] bool comes_to(std::string_view state) const {
    const Deadline deadline = Deadline::in(Seconds(300));
    while (!deadline.passed() && engine().at("state").as_string() != state) {
    }
    return engine().at("state").as_string() == state;
  }
  // What was done is told when all of it is done: a moment after the engine is ready.
  [[nodiscard]] bool tells(const std::string& text) const {
    const Deadline deadline = Deadline::in(Seconds(60));
    while (!deadline.passed() && done_by_itself().find(text) == std::string::npos) {
    }
    return done_by_itself().find(text) != std::string::npos;
  }
  // From now on the engine ends at its start in this version.
  void spoil(const std::string& version) const { write("engines/demo/no-good", "demo " + version); }
  [[nodiscard]] fs::path packs() const { return folder_.path() / "data/packs"; }
  [[nodiscard]] std::string done_by_itself() const {
    return json::serialize(json::parse(hearth("engines --json").output).at("healing"));
  }
  // The demo engine, as the daemon describes it.
  [[nodiscard]] json::object engine() const {
    const auto answer = json::parse(hearth("engines --json").output);
    return answer.as_object().at("data").as_array().at(0).as_object();
  }

 private:
  [[nodiscard]] std::string data() const { return (folder_.path() / "data").string(); }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment() const {
    return {{"PATH", "/usr/bin:/bin"},
            {"HEARTH_ENGINES", (folder_.path() / "engines").string()},
            {"HEARTH_SHARE", (folder_.path() / "share").string()}};
  }
  void write(const std::string& name, const std::string& text) const {
    const fs::path file = folder_.path() / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  TemporaryFolder folder_;
  std::stop_source stop_;
  std::thread daemon_;
};

std::string text_of(const json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

// "demo" with the fixture engine in it, or something else where that should be.
void add_engine(AptRepository& repository, const std::string& version, bool works) {
  AptRepository::Package package{"demo", version};
  package.files = {{"usr/bin/demo", "@program"}, {"usr/share/demo/version", "demo " + version}};
  if (works) {
    package.files["usr/bin/fixture"] = "@file:" FIXTURE_ENGINE;
    for (const fs::path& library : libraries_of(FIXTURE_ENGINE))
      package.files[fmt::format("usr/{}/{}", library.string().starts_with("/lib64/") ? "lib64" : "lib",
                                library.filename().string())] = "@file:" + fs::canonical(library).string();
  } else {
    package.files["usr/bin/fixture"] = "@program";  // starts, and ends at once
  }
  repository.add(package);
}

TEST(DaemonPacks, AreInstalledUpgradedTakenBackAndRolledBack) {
  if (!containment().isolated()) GTEST_FAIL() << "packs take a sandbox: " << containment().problem;
  AptRepository repository;
  add_engine(repository, "1.0", true);
  repository.publish();
  const Box box(repository);
  ASSERT_TRUE(box.is_up());
  EXPECT_EQ(text_of(box.engine(), "state"), "absent");
  EXPECT_NE(text_of(box.engine(), "last_error").find("hearth engines install demo"), std::string::npos);

  const auto first = box.hearth("engines install demo");
  ASSERT_TRUE(first.status.clean()) << first.errors;
  EXPECT_NE(first.output.find("is in use now"), std::string::npos) << first.output;
  EXPECT_NE(first.output.find("Started in it, and well: demo"), std::string::npos) << first.output;
  const std::string one = text_of(box.engine(), "pack");
  EXPECT_TRUE(one.starts_with("demo-"));
  EXPECT_EQ(text_of(box.engine(), "state"), "ready");

  // Nothing to do: the engine's process is left alone.
  const auto pid = box.engine().at("pid").to_number<int>();
  const auto same = box.hearth("engines install demo");
  EXPECT_NE(same.output.find("as before"), std::string::npos) << same.output << same.errors;
  EXPECT_EQ(box.engine().at("pid").to_number<int>(), pid);

  // A version that passes its own canary, but in which the engine does not start.
  add_engine(repository, "2.0", false);
  repository.publish();
  const auto bad = box.hearth("engines install demo --upgrade");
  EXPECT_FALSE(bad.status.clean());
  EXPECT_NE(bad.errors.find("was taken back"), std::string::npos) << bad.errors;
  EXPECT_NE(bad.errors.find("the engine demo does not work in it"), std::string::npos) << bad.errors;
  EXPECT_EQ(text_of(box.engine(), "pack"), one);
  EXPECT_EQ(text_of(box.engine(), "state"), "ready");

  add_engine(repository, "3.0", true);
  repository.publish();
  const auto good = box.hearth("engines install demo --upgrade");
  ASSERT_TRUE(good.status.clean()) << good.errors;
  const std::string three = text_of(box.engine(), "pack");
  EXPECT_NE(three, one);
  EXPECT_NE(box.engine().at("pid").to_number<int>(), pid);
  const auto back = box.hearth("engines rollback demo");
  ASSERT_TRUE(back.status.clean()) << back.errors;
  EXPECT_EQ(text_of(box.engine(), "pack"), one);
  const auto list = box.hearth("engines packs");
  EXPECT_NE(list.output.find(one), std::string::npos) << list.output;
  EXPECT_NE(list.output.find(three), std::string::npos) << list.output;

  const auto unknown = box.hearth("engines install nothing");
  EXPECT_FALSE(unknown.status.clean());
  EXPECT_NE(unknown.errors.find("there is no recipe"), std::string::npos) << unknown.errors;
}

TEST(DaemonPacks, WhatAnInstallTookIsInTheLedger) {
  AptRepository repository;
  add_engine(repository, "1.0", true);
  repository.publish();
  const Box box(repository);
  ASSERT_TRUE(box.is_up());
  ASSERT_TRUE(box.hearth("engines install demo").status.clean());
  // apt's connections, through the gate's proxy. They are over when apt has ended; the limit only guards against
  // hanging.
  const auto rows = [&] { return json::parse(box.hearth("egress report --json").output).at("data").as_array(); };
  const Deadline deadline = Deadline::in(Seconds(60));
  json::array found = rows();
  while (!deadline.passed() && (found.empty() || found[0].at("unfinished").to_number<int>() > 0)) found = rows();
  ASSERT_EQ(found.size(), 1U) << json::serialize(found);
  const json::object& row = found[0].as_object();
  EXPECT_EQ(text_of(row, "purpose"), "pack");
  EXPECT_EQ(text_of(row, "who"), "packs");
  EXPECT_EQ(text_of(row, "class"), "internal");
  EXPECT_EQ("http://" + text_of(row, "destination"), repository.source().mirror);
  EXPECT_EQ(text_of(row, "rule"), "named: 127.0.0.1");
  EXPECT_EQ(row.at("unfinished").to_number<int>(), 0);
  EXPECT_GT(row.at("bytes_sent").to_number<std::uint64_t>(), 100U);
  EXPECT_GT(row.at("bytes_received").to_number<std::uint64_t>(), fs::file_size(FIXTURE_ENGINE) / 10);
  EXPECT_TRUE(box.hearth("egress verify").status.clean());
}

TEST(DaemonPacks, AreMadeAgainByThemselvesFromWhatWasKept) {
  AptRepository repository;
  add_engine(repository, "1.0", true);
  repository.publish();
  const Box box(repository);
  ASSERT_TRUE(box.is_up());
  ASSERT_TRUE(box.hearth("engines install demo").status.clean());
  const std::string one = text_of(box.engine(), "pack");
  // Even its links; and there is no network.
  for (const char* mirror_fault : {".deb", "InRelease"})
    repository.misbehave(mirror_fault, AptRepository::Fault::missing);
  for (const std::string& what : {"store/" + one, "store/" + one + "/root/usr/bin", std::string("demo")}) {
    ASSERT_GT(fs::remove_all(box.packs() / what), 0U) << what;
    EXPECT_TRUE(box.hearth("engines stop demo").status.clean());
    EXPECT_TRUE(box.runs()) << what << ": " << json::serialize(box.engine());
    EXPECT_EQ(text_of(box.engine(), "pack"), one);
    EXPECT_TRUE(fs::exists(box.packs() / "demo/current/root/usr/bin/fixture")) << what;
  }
  EXPECT_TRUE(box.tells("has been made again")) << box.done_by_itself();
}

TEST(DaemonPacks, GoBackByThemselvesWhenEnginesDoNotWorkInANewVersion) {
  AptRepository repository;
  add_engine(repository, "1.0", true);
  repository.publish();
  const Box box(repository, "engines:\n  demo:\n    keep_warm: true\n");
  ASSERT_TRUE(box.is_up());
  ASSERT_TRUE(box.hearth("engines install demo").status.clean());
  const std::string one = text_of(box.engine(), "pack");
  add_engine(repository, "2.0", true);
  repository.publish();
  const auto upgraded = box.hearth("engines install demo --upgrade");
  ASSERT_TRUE(upgraded.status.clean()) << upgraded.errors;
  ASSERT_NE(text_of(box.engine(), "pack"), one);
  // It passed its canary, and fails later.
  box.spoil("2.0");
  EXPECT_FALSE(box.hearth("engines restart demo").status.clean());
  EXPECT_TRUE(box.comes_to("ready")) << json::serialize(box.engine());
  EXPECT_EQ(text_of(box.engine(), "pack"), one);
  EXPECT_TRUE(box.tells("crash loop; now " + one + " (other version)")) << box.done_by_itself();
}

TEST(DaemonPacks, AreGivenUpWhenTheClientLeaves) {
  AptRepository repository;
  add_engine(repository, "1.0", true);
  repository.publish();
  repository.misbehave(".deb", AptRepository::Fault::stall);
  std::stop_source leave;
  repository.on_stall([&] { leave.request_stop(); });
  const Box box(repository);
  ASSERT_TRUE(box.is_up());
  const auto left = box.hearth("engines install demo", leave.get_token());
  EXPECT_FALSE(left) << "it was killed";
  // Soon another may begin: the limit only guards against hanging.
  repository.misbehave(".deb", AptRepository::Fault::none);
  const Deadline deadline = Deadline::in(Seconds(60));
  engines::ToolResult later = box.hearth("engines install demo");
  while (!later.status.clean() && !deadline.passed()) {
    EXPECT_NE(later.errors.find("is being installed"), std::string::npos) << later.errors;
    later = box.hearth("engines install demo");
  }
  EXPECT_TRUE(later.status.clean()) << later.errors;
}

}  // namespace
}  // namespace hearth::test
