#include <hearth/engines/control_groups.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1ULL << 20;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "hearth-groups-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(GroupLimits, AreGenerousButEnd) {
  const ResourceLimits limits{.data = 4096 * kMiB};
  EXPECT_EQ(group_limits(64 * kMiB, limits).memory_max, (64 + 512 + 128) * kMiB);
  EXPECT_EQ(group_limits(512 * kMiB, limits).memory_max, (4 * 512 + 128) * kMiB);
  EXPECT_EQ(group_limits(2048 * kMiB, limits).memory_max, (4096 + 128) * kMiB);
  EXPECT_EQ(group_limits(64 * kMiB, limits).processes, limits.processes + 16);
  EXPECT_EQ(group_limits(64 * kMiB, limits).nice, limits.nice);
}

RC_GTEST_PROP(GroupLimits, NeverLieBelowWhatIsReserved, (std::uint64_t reservation, std::uint64_t data)) {
  const std::uint64_t sane = reservation % (1ULL << 50);
  const GroupLimits group = group_limits(sane, {.data = data});
  RC_ASSERT(group.memory_max >= sane + 128 * kMiB);
  RC_ASSERT(group.memory_high < group.memory_max);
  RC_ASSERT(group.memory_high >= group.memory_max / 32 * 31);
}

RC_GTEST_PROP(GroupLimits, GrowWithTheReservation, (std::uint32_t a, std::uint32_t b, std::uint32_t data)) {
  const std::uint64_t less = std::min(a, b);
  const std::uint64_t more = std::max(a, b);
  RC_ASSERT(group_limits(less, {.data = data}).memory_max <= group_limits(more, {.data = data}).memory_max);
}

TEST(MemoryEvents, AreReadAsTheKernelWritesThem) {
  const auto events = parse_memory_events("low 0\nhigh 120\nmax 31\noom 2\noom_kill 5\noom_group_kill 1\n");
  ASSERT_TRUE(events);
  EXPECT_EQ(events->at_limit, 2U);
  EXPECT_EQ(events->killed, 5U);
  EXPECT_FALSE(parse_memory_events(""));
  EXPECT_FALSE(parse_memory_events("low 0\nhigh 0\n"));
  EXPECT_FALSE(parse_memory_events("oom_kill many\n"));
}

TEST(MemoryEvents, AreExplained) {
  EXPECT_EQ(explain_memory_end({.at_limit = 0, .killed = 0}, 640 * kMiB), "");
  EXPECT_EQ(explain_memory_end({.at_limit = 3, .killed = 0}, 640 * kMiB), "") << "it went on";
  EXPECT_NE(explain_memory_end({.at_limit = 1, .killed = 3}, 640 * kMiB).find("limit of 640.0 MiB"), std::string::npos);
  EXPECT_NE(explain_memory_end({.at_limit = 0, .killed = 1}, 640 * kMiB).find("machine"), std::string::npos);
}

TEST(OwnGroup, IsTheUnifiedHierarchys) {
  EXPECT_EQ(parse_own_group("0::/system.slice/hearth.service\n"), "/system.slice/hearth.service");
  EXPECT_EQ(parse_own_group("4:memory:/x\n1:cpu:/\n0::/a.slice/b.scope\n"), "/a.slice/b.scope");
  EXPECT_EQ(parse_own_group("0::/\n"), std::nullopt) << "the root is nobody's to hand out";
  EXPECT_EQ(parse_own_group("4:memory:/x\n"), std::nullopt);
  EXPECT_EQ(parse_own_group("0::/../other\n"), std::nullopt) << "outside of this control group namespace";
  EXPECT_EQ(parse_own_group(""), std::nullopt);
}

RC_GTEST_PROP(OwnGroup, AnyTextIsRead, (const std::string& text)) {
  const auto group = parse_own_group(text);
  if (group) RC_ASSERT(group->starts_with("/"));
  static_cast<void>(parse_memory_events(text));
}

// Folders and files like the kernel's, but without a kernel behind them.
TEST(ClaimControlGroups, TakesNothingThatWasNotDelegated) {
  const Folder mount;
  const Folder own;
  fs::create_directories(mount.path() / "system.slice/hearth.service");
  std::ofstream(own.path() / "cgroup") << "0::/system.slice/hearth.service\n";
  const auto claimed = claim_control_groups(mount.path(), own.path() / "cgroup");
  ASSERT_FALSE(claimed);
  EXPECT_TRUE(claimed.error().is(Errc::not_found));
  EXPECT_TRUE(fs::is_empty(mount.path() / "system.slice/hearth.service"));
  EXPECT_TRUE(claim_control_groups(mount.path(), own.path() / "nothing").error().is(Errc::not_found));
}

TEST(ControlGroup, IsNotLeftHalfMade) {
  const Folder parent;  // no cgroup file system: there is no memory.max to write to
  const auto group = ControlGroup::create(parent.path(), "embed.1", group_limits(64 * kMiB, {}));
  ASSERT_FALSE(group);
  EXPECT_NE(group.error().message().find("memory.max"), std::string::npos);
  EXPECT_TRUE(fs::is_empty(parent.path()));
}

}  // namespace
}  // namespace hearth::engines
