#include <hearth/hardware/memory.h>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace hearth::hardware {
namespace {

TEST(Meminfo, ReadsTotalsInBytes) {
  const auto memory = parse_meminfo("MemTotal:       16303436 kB\nMemFree:  1 kB\nMemAvailable:    9000000 kB\n");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->total, 16303436ULL * 1024);
  EXPECT_EQ(memory->available, 9000000ULL * 1024);
}

TEST(Meminfo, RefusesWhatIsNotOne) {
  EXPECT_FALSE(parse_meminfo(""));
  EXPECT_FALSE(parse_meminfo("MemTotal: x kB\nMemAvailable: 1 kB\n"));
  EXPECT_FALSE(parse_meminfo("MemTotal: 1 kB\n"));
  EXPECT_FALSE(parse_meminfo("MemTotal: 99999999999999999999999 kB\nMemAvailable: 1 kB\n"));
}

TEST(Meminfo, OfThisMachineIsPlausible) {
  const auto memory = machine_memory();
  ASSERT_TRUE(memory);
  EXPECT_GT(memory->available, 0U);
  EXPECT_GE(memory->total, memory->available);
}

TEST(Pss, TakesTheSumAndNotItsParts) {
  EXPECT_EQ(parse_pss("7f00-7f01 ---p 00 00:00 0 [rollup]\nRss:   900 kB\nPss:   700 kB\nPss_Dirty: 5 kB\n"),
            700ULL * 1024);
  EXPECT_EQ(parse_pss("Pss_Anon: 5 kB\n"), std::nullopt);
  EXPECT_EQ(parse_pss(""), std::nullopt);
}

TEST(Parent, SurvivesHostileNames) {
  EXPECT_EQ(parse_parent("12 (sh) S 7 12 12 0"), 7);
  EXPECT_EQ(parse_parent("12 (a) R 99 (b) S 7 12 12 0"), 7);
  EXPECT_EQ(parse_parent("12 () S 7 1"), 7);
  EXPECT_EQ(parse_parent("12 (sh) S"), std::nullopt);
  EXPECT_EQ(parse_parent("12 (sh"), std::nullopt);
  EXPECT_EQ(parse_parent(""), std::nullopt);
}

// A child of this process that sleeps until it is told to end, with a child of its own.
class Family {
 public:
  Family() {
    std::array<int, 2> up{};
    if (::pipe(up.data()) != 0 || ::pipe(down_.data()) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      ::close(down_[1]);
      const pid_t grandchild = ::fork();
      if (grandchild == 0) wait_for_end();
      if (::write(up[1], &grandchild, sizeof grandchild) != sizeof grandchild) ::_exit(1);
      wait_for_end();
    }
    ::close(down_[0]);
    if (::read(up[0], &grandchild_, sizeof grandchild_) != sizeof grandchild_) std::abort();
    ::close(up[0]);
    ::close(up[1]);
  }
  ~Family() {
    ::close(down_[1]);
    ::waitpid(child_, nullptr, 0);
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;
  pid_t child() const { return child_; }
  pid_t grandchild() const { return grandchild_; }

 private:
  [[noreturn]] void wait_for_end() {
    char c = 0;
    [[maybe_unused]] const ssize_t n = ::read(down_[0], &c, 1);
    ::_exit(0);
  }
  std::array<int, 2> down_{};
  pid_t child_ = 0;
  pid_t grandchild_ = 0;
};

TEST(ProcessTree, HoldsChildAndGrandchild) {
  const Family family;
  EXPECT_EQ(process_tree(family.child()), (std::vector{family.child(), family.grandchild()}));
  const auto ours = process_tree(::getpid());
  EXPECT_NE(std::ranges::find(ours, family.grandchild()), ours.end());
  EXPECT_GT(tree_memory(family.child()), process_memory(family.grandchild()));
}

TEST(ProcessTree, OfNobodyIsEmpty) {
  EXPECT_TRUE(process_tree(0x7ffffff0).empty());
  EXPECT_EQ(tree_memory(0x7ffffff0), 0U);
}

TEST(ProcessMemory, GrowsByWhatIsTouched) {
  constexpr std::size_t kSize = 32 << 20;
  const std::uint64_t before = process_memory(::getpid());
  void* block = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(block, MAP_FAILED);
  std::memset(block, 1, kSize);
  const std::uint64_t after = process_memory(::getpid());
  ::munmap(block, kSize);
  EXPECT_GE(after, before + kSize * 9 / 10);
}

}  // namespace
}  // namespace hearth::hardware
