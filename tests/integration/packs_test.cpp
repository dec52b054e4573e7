// Packs made from a real signed repository, and everything that can go wrong on the way. What a failure must leave: the
// version that was in use, and nothing else.
#include "apt_repository.h"

#include <algorithm>
#include <csignal>

namespace hearth::test {
namespace {

using engines::InstalledPack;
using engines::PackOptions;
using engines::PackProgress;
using engines::PackStore;
using engines::Recipe;
using Fault = AptRepository::Fault;
using Signature = AptRepository::Signature;

Recipe demo_recipe() {
  Recipe recipe;
  recipe.name = "demo";
  recipe.title = "For tests";
  recipe.packages = {"demo"};
  recipe.canary_program = {"/usr/bin/demo"};
  recipe.canary_expect = "demo";
  return recipe;
}

class Packs : public testing::Test {
 protected:
  void SetUp() override {
    if (!containment().isolated()) GTEST_FAIL() << "packs take a sandbox: " << containment().problem;
    repository_.add_demo("1.0", "demo 1.0");
    repository_.publish();
  }
  Result<InstalledPack> install(bool upgrade = false, const std::stop_token& stop = {}) {
    PackOptions options;
    options.source = repository_.source();
    options.source.check_valid_until = check_valid_until_;
    options.upgrade = upgrade;
    options.containment = containment();
    steps_.clear();
    return engines::install_pack(
        store_, recipe_, options,
        [this](const PackProgress& now) {
          if (steps_.empty() || steps_.back() != now.step) steps_.push_back(now.step);
          if (on_step_) on_step_(now);
        },
        stop);
  }
  // What the failure is, or "(installed)".
  std::string failure(Errc code, bool upgrade = false) {
    const auto made = install(upgrade);
    if (made) return "(installed)";
    EXPECT_TRUE(made.error().is(code)) << to_string(made.error().kind()) << ": " << made.error().describe();
    return made.error().describe();
  }
  // Names in the store of versions.
  std::vector<std::string> versions() const {
    std::vector<std::string> names;
    if (!fs::exists(store_.folder() / "store")) return names;
    for (const auto& entry : fs::directory_iterator(store_.folder() / "store"))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }
  std::string version_in_use() const {
    const auto root = engines::current_pack(store_.folder(), "demo");
    if (!root) return "(none)";
    return read_file(root->path / "usr/share/demo/version", 100).value_or("(no file)");
  }

  AptRepository repository_;
  TemporaryFolder folder_;
  PackStore store_{folder_.path() / "packs"};
  Recipe recipe_ = demo_recipe();
  bool check_valid_until_ = false;
  std::vector<std::string> steps_;
  std::function<void(const PackProgress&)> on_step_;
};

TEST_F(Packs, AreMadeFromASignedMirrorAndAgainWithoutOne) {
  fs::create_directories(store_.folder() / "store/.new-left-by-a-power-cut/version");
  const auto made = install();
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_TRUE(made->changed);
  EXPECT_EQ(made->note, "");
  EXPECT_EQ(versions(), std::vector<std::string>{made->id});
  EXPECT_EQ(version_in_use(), "demo 1.0");
  EXPECT_EQ(steps_, (std::vector<std::string>{"index", "resolve", "verify", "download", "verify", "unpack", "canary",
                                              "activate"}));
  const fs::path root = store_.version(made->id) / "root";
  EXPECT_TRUE(fs::exists(root / "usr/bin/demo"));
  EXPECT_FALSE(fs::exists(root / "usr/share/man"));
  EXPECT_TRUE(fs::exists(root / "usr/share/doc/demo-data/copyright"));
  EXPECT_TRUE(fs::exists(root / "usr/libexec/hearth/engines"));

  const auto list = store_.list();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].current, made->id);
  EXPECT_EQ(list[0].origin, "debian");
  EXPECT_EQ(list[0].suite, "test");
  EXPECT_EQ(list[0].problem, "");
  EXPECT_GT(list[0].bytes, 1000U);
  ASSERT_EQ(list[0].files.size(), 2U);
  EXPECT_EQ(list[0].files[0].package, "demo");
  EXPECT_EQ(list[0].files[1].version, "1.0");

  // Nothing to do; then everything gone but the .debs and the lock, and no network.
  repository_.stop_serving();
  const auto same = install();
  ASSERT_TRUE(same) << same.error().describe();
  EXPECT_FALSE(same->changed);
  fs::remove_all(store_.version(made->id));
  EXPECT_EQ(version_in_use(), "(none)");
  EXPECT_NE(store_.list().at(0).problem.find("damaged"), std::string::npos);
  const auto again = install();
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_EQ(again->id, made->id);
  EXPECT_EQ(version_in_use(), "demo 1.0");
}

TEST_F(Packs, FindALibraryThroughItsDevPackage) {
  repository_.add({"libdemo-dev", "1.0", "demo, libother-dev"});
  repository_.add({"libother-dev", "1.0"});
  repository_.publish();
  recipe_.packages.clear();
  recipe_.libraries_of = {"libdemo-dev"};
  const auto made = install();
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_EQ(version_in_use(), "demo 1.0");
  EXPECT_EQ(store_.list().at(0).files.size(), 2U) << "no -dev package";
}

TEST_F(Packs, AreUpgradedWhenAskedAndRolledBack) {
  const auto first = install();
  ASSERT_TRUE(first) << first.error().describe();
  repository_.add_demo("2.0", "demo 2.0");
  repository_.publish();
  const auto locked = install();
  ASSERT_TRUE(locked);
  EXPECT_EQ(locked->id, first->id) << "what is locked stays";
  const auto second = install(true);
  ASSERT_TRUE(second) << second.error().describe();
  EXPECT_NE(second->id, first->id);
  EXPECT_EQ(version_in_use(), "demo 2.0");
  EXPECT_EQ(store_.previous("demo"), first->id);

  const auto back = store_.rollback("demo");
  ASSERT_TRUE(back) << back.error().describe();
  EXPECT_EQ(*back, first->id);
  EXPECT_EQ(version_in_use(), "demo 1.0");
  EXPECT_EQ(store_.previous("demo"), second->id);
  EXPECT_EQ(store_.list().at(0).files.at(0).version, "1.0") << "a rollback is locked too";

  // Only current and previous are kept.
  repository_.add_demo("3.0", "demo 3.0");
  repository_.publish();
  const auto third = install(true);
  ASSERT_TRUE(third) << third.error().describe();
  EXPECT_EQ(versions().size(), 3U);
  {
    const auto busy = store_.exclusive();
    ASSERT_TRUE(busy);
    ASSERT_TRUE(store_.collect_garbage());
    const auto other = install();
    ASSERT_FALSE(other);
    EXPECT_TRUE(other.error().is(Errc::resource_exhausted)) << other.error().describe();
  }
  std::vector<std::string> kept{first->id, third->id};
  std::ranges::sort(kept);
  EXPECT_EQ(versions(), kept);
  const auto debs = std::distance(fs::directory_iterator(store_.debs()), fs::directory_iterator());
  EXPECT_EQ(debs, 4 + 2) << "four .debs, apt's lock and its partial folder";
}

TEST_F(Packs, TakeTheNewestWhenTheLockedVersionIsGone) {
  const auto first = install();
  ASSERT_TRUE(first);
  repository_.add_demo("2.0", "demo 2.0");
  repository_.remove("demo", "1.0");
  repository_.remove("demo-data", "1.0");
  repository_.publish();
  fs::remove_all(store_.version(first->id));
  fs::remove_all(store_.debs());
  const auto newer = install();
  ASSERT_TRUE(newer) << newer.error().describe();
  EXPECT_EQ(version_in_use(), "demo 2.0");
  EXPECT_NE(newer->note.find("locked version is gone"), std::string::npos) << newer->note;
  EXPECT_EQ(store_.list().at(0).files.at(0).version, "2.0");
}

TEST_F(Packs, AVersionThatFailsItsCanaryIsNotUsed) {
  const auto first = install();
  ASSERT_TRUE(first);
  repository_.add_demo("2.0", "broken 2.0");
  repository_.publish();
  const std::string why = failure(Errc::failed_precondition, true);
  EXPECT_NE(why.find("does not pass its canary"), std::string::npos) << why;
  EXPECT_NE(why.find("exited with status 3"), std::string::npos) << why;
  EXPECT_EQ(version_in_use(), "demo 1.0");
  EXPECT_EQ(versions(), std::vector<std::string>{first->id});
  repository_.add_demo("2.1", "silent 2.1");
  repository_.publish();
  const std::string wrong = failure(Errc::failed_precondition, true);
  EXPECT_NE(wrong.find("did not say \"demo\""), std::string::npos) << wrong;
  EXPECT_EQ(version_in_use(), "demo 1.0");
}

TEST_F(Packs, NothingIsUsedThatIsNotSigned) {
  repository_.publish(Signature::none);
  const std::string unsigned_index = failure(Errc::failed_precondition);
  EXPECT_NE(unsigned_index.find("packs.keyring"), std::string::npos) << unsigned_index;
  repository_.publish(Signature::stranger);
  const std::string stranger = failure(Errc::failed_precondition);
  EXPECT_NE(stranger.find("not signed by a key of packs.keyring"), std::string::npos) << stranger;
  EXPECT_TRUE(versions().empty());
  EXPECT_EQ(version_in_use(), "(none)");
  repository_.publish();
  repository_.misbehave("InRelease", Fault::corrupt);
  EXPECT_NE(failure(Errc::failed_precondition), "(installed)");
  repository_.misbehave("InRelease", Fault::none);
  const auto healed = install();
  EXPECT_TRUE(healed) << healed.error().describe();
}

TEST_F(Packs, AnOldIndexIsRefusedOnlyWhenThatIsAskedFor) {
  repository_.publish(Signature::good, "Sat, 01 Jan 2022 00:00:00 UTC");
  check_valid_until_ = true;
  const std::string why = failure(Errc::failed_precondition);
  EXPECT_NE(why.find("packs.check_valid_until"), std::string::npos) << why;
  check_valid_until_ = false;
  const auto made = install();
  EXPECT_TRUE(made) << made.error().describe();
}

TEST_F(Packs, SurviveWhatTheNetworkDoes) {
  for (const auto& [fault, code] : {std::pair(Fault::cut, Errc::unavailable), std::pair(Fault::corrupt, Errc::corrupt),
                                    std::pair(Fault::missing, Errc::unavailable)}) {
    repository_.misbehave(".deb", fault);
    const std::string why = failure(code);
    EXPECT_NE(why.find("127.0.0.1"), std::string::npos) << why;
    EXPECT_TRUE(versions().empty()) << why;
    EXPECT_EQ(version_in_use(), "(none)");
  }
  repository_.misbehave(".deb", Fault::none);
  const auto made = install();
  ASSERT_TRUE(made) << made.error().describe();

  // A .debs that was harmed on the disk is fetched anew.
  fs::remove_all(store_.version(made->id));
  for (const auto& entry : fs::directory_iterator(store_.debs())) {
    if (entry.path().extension() != ".deb") continue;
    auto text = read_file(entry.path(), 64 << 20);
    ASSERT_TRUE(text);
    text->at(text->size() / 2) ^= 1;
    std::ofstream(entry.path(), std::ios::binary) << *text;
  }
  const std::size_t before = repository_.requests();
  const auto again = install();
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_GT(repository_.requests(), before);
  EXPECT_EQ(again->id, made->id);

  repository_.stop_serving();
  const std::string offline = failure(Errc::unavailable, true);
  EXPECT_NE(offline.find("cannot be reached"), std::string::npos) << offline;
  EXPECT_EQ(version_in_use(), "demo 1.0");
}

TEST_F(Packs, CanBeCancelledMidway) {
  repository_.misbehave(".deb", Fault::stall);
  std::stop_source stop;
  on_step_ = [&](const PackProgress& now) {
    if (now.step == "download") stop.request_stop();
  };
  const auto made = install(false, stop.get_token());
  ASSERT_FALSE(made);
  EXPECT_TRUE(made.error().is(Errc::cancelled)) << made.error().describe();
  EXPECT_TRUE(versions().empty());
  on_step_ = nullptr;
  repository_.misbehave(".deb", Fault::none);
  const auto later = install();
  EXPECT_TRUE(later) << later.error().describe();
}

// The tool's arguments for a pack "demo" from the repository.
std::vector<std::string> tool_command(const AptRepository& repository, const fs::path& recipes, const fs::path& packs) {
  fs::create_directories(recipes);
  std::ofstream(recipes / "demo.yaml")
      << "name: demo\ntitle: x\npackages: [demo]\ncanary:\n  program: [/usr/bin/demo]\n";
  const engines::PackSource source = repository.source();
  return {PACK_TOOL,    "--recipes", recipes.string(), "--packs",   packs.string(),          "--suite",
          source.suite, "--mirror",  source.mirror,    "--keyring", source.keyring.string(), "demo"};
}

TEST_F(Packs, AFullDiskIsSaidAndLeavesNothing) {
  // 80 MB of nothing, small as a .deb: only unpacking finds out that they do not fit.
  repository_.add({"demo",
                   "1.0",
                   "",
                   {{"usr/bin/demo", "@program"},
                    {"usr/share/demo/version", "demo"},
                    {"usr/share/demo/much", std::string(80 << 20, '\0')}}});
  repository_.publish();
  const fs::path packs = folder_.path() / "small";
  fs::create_directories(packs);
  std::vector<std::string> command{"/usr/bin/bwrap",
                                   "--dev-bind",
                                   "/",
                                   "/",
                                   "--size",
                                   "62914560",
                                   "--tmpfs",
                                   packs.string(),
                                   "/bin/sh",
                                   "-c",
                                   "\"$@\"; echo \"status $?\"; ls -A \"$0\"/store",
                                   packs.string()};
  const auto tool = tool_command(repository_, folder_.path() / "recipes", packs);
  command.insert(command.end(), tool.begin(), tool.end());
  const auto result = engines::run_tool({.command = command, .environment = {{"PATH", "/usr/bin:/bin"}}});
  ASSERT_TRUE(result) << result.error().describe();
  EXPECT_NE(result->errors.find("the disk was full"), std::string::npos) << result->errors;
  EXPECT_EQ(result->output, "status 1\n") << "and nothing in the store";
}

TEST_F(Packs, AreWholeOrNotThereAfterAKill) {
  const fs::path packs = folder_.path() / "packs";
  const auto command = tool_command(repository_, folder_.path() / "recipes", packs);
  for (const auto& [suffix, fault] : {std::pair(std::string(".deb"), Fault::stall), {".deb", Fault::none}}) {
    repository_.misbehave(suffix, fault);
    std::stop_source stop;
    const engines::Tool tool{.command = {"/bin/sh", "-c", "exec \"$@\" 2>&3", "sh"},
                             .environment = {{"PATH", "/usr/bin:/bin"}},
                             .stop = stop.get_token(),
                             .on_status = [&](std::string_view line) {
                               // In the one case while it downloads, in the other while it unpacks.
                               const char* at = fault == Fault::stall ? "download" : "unpack";
                               if (line.find(at) != std::string_view::npos) stop.request_stop();
                             }};
    engines::Tool killed = tool;
    killed.command.insert(killed.command.end(), command.begin(), command.end());
    const auto ended = engines::run_tool(killed);
    EXPECT_FALSE(ended) << "it was killed";
    EXPECT_EQ(version_in_use(), "(none)");
  }
  // What the killed one had started dies a moment after it, and holds its lock until then.
  auto made = install();
  const Deadline patience = Deadline::in(Seconds(60));
  while (!made && made.error().is(Errc::resource_exhausted) && !patience.passed()) made = install();
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_EQ(versions(), std::vector<std::string>{made->id}) << "what the killed ones left is gone";
}

TEST_F(Packs, CanBeTheHostsOwnPrograms) {
  recipe_.canary_program = {"/usr/bin/env", "--version"};
  recipe_.canary_expect = "env";
  PackOptions options;
  options.from = PackOptions::From::system;
  options.containment = containment();
  const auto made = engines::install_pack(store_, recipe_, options, [](const PackProgress&) {}, {});
  ASSERT_TRUE(made) << made.error().describe();
  EXPECT_EQ(made->id, "demo-system");
  const auto root = engines::current_pack(store_.folder(), "demo");
  ASSERT_TRUE(root);
  EXPECT_TRUE(engines::is_host(*root));
  EXPECT_EQ(store_.list().at(0).origin, "system");
  recipe_.canary_program = {"/usr/bin/there-is-no-such-program"};
  const auto missing = engines::install_pack(store_, recipe_, options, [](const PackProgress&) {}, {});
  EXPECT_FALSE(missing);
  EXPECT_EQ(repository_.requests(), 0U);
}

}  // namespace
}  // namespace hearth::test
