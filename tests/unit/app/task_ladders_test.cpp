#include "task_ladders.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace hearth::daemon {
namespace {

using engines::Rung;
using engines::RungKind;
using engines::Trouble;
using gateway::Task;

const SteadyTime kStart = SteadyTime() + Seconds(1'000'000);
constexpr std::uint64_t kGiB = 1ULL << 30;
const engines::LadderPolicy kPolicy;

std::vector<Rung> three() {
  return {{.kind = RungKind::as_configured, .name = "large", .memory = 6 * kGiB},
          {.kind = RungKind::other_model, .name = "middle", .memory = 3 * kGiB},
          {.kind = RungKind::other_model, .name = "small", .memory = kGiB}};
}

TEST(TaskLadders, TheFirstLeadsWhileAllIsWell) {
  TaskLadders ladders;
  EXPECT_FALSE(ladders.update(Task::chat, three(), 8 * kGiB, kStart));
  EXPECT_EQ(ladders.leader(Task::chat), "large");
  EXPECT_EQ(ladders.leader(Task::speech), "");
}

TEST(TaskLadders, AnotherStandsInForOneInTroubleUntilThatIsForgiven) {
  TaskLadders ladders;
  ladders.update(Task::chat, three(), 8 * kGiB, kStart);
  const auto steps = ladders.trouble("large", Trouble::crash_loop, 8 * kGiB, kStart);
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(steps[0], "chat: large (as configured): crash loop; now middle (other model)");
  EXPECT_EQ(ladders.leader(Task::chat), "middle");
  EXPECT_FALSE(ladders.update(Task::chat, three(), 8 * kGiB, kStart + kPolicy.forgive - Millis(1)));
  const auto back = ladders.update(Task::chat, three(), 8 * kGiB, kStart + kPolicy.forgive);
  EXPECT_EQ(back, "chat: large is tried again in place of middle");
  EXPECT_EQ(ladders.leader(Task::chat), "large");
}

TEST(TaskLadders, TroubleOfOneThatIsNotInUseChangesNothing) {
  TaskLadders ladders;
  ladders.update(Task::chat, three(), 8 * kGiB, kStart);
  EXPECT_TRUE(ladders.trouble("small", Trouble::crash_loop, 8 * kGiB, kStart).empty());
  EXPECT_EQ(ladders.leader(Task::chat), "large");
}

TEST(TaskLadders, AgainstWantOfMemoryOneThatNeedsLess) {
  TaskLadders ladders;
  ladders.update(Task::chat, three(), 2 * kGiB, kStart);
  ladders.trouble("large", Trouble::no_memory, 2 * kGiB, kStart);
  EXPECT_EQ(ladders.leader(Task::chat), "small");
}

TEST(TaskLadders, OneThatCannotRunIsStoodInForUntilItCan) {
  TaskLadders ladders;
  auto rungs = three();
  ladders.update(Task::chat, rungs, 8 * kGiB, kStart);
  rungs[0].available = false;
  EXPECT_TRUE(ladders.update(Task::chat, rungs, 8 * kGiB, kStart));
  EXPECT_EQ(ladders.leader(Task::chat), "middle");
  rungs[0].available = true;
  EXPECT_TRUE(ladders.update(Task::chat, rungs, 8 * kGiB, kStart + Seconds(1)));
  EXPECT_EQ(ladders.leader(Task::chat), "large") << "at once: nothing is held against it";
}

TEST(TaskLadders, VectorsOfAnotherModelAreNoStandIn) {
  TaskLadders ladders;
  ladders.update(Task::embedding, three(), 8 * kGiB, kStart);
  EXPECT_TRUE(ladders.trouble("large", Trouble::crash_loop, 8 * kGiB, kStart).empty());
  EXPECT_EQ(ladders.leader(Task::embedding), "large");
}

// Whatever happens: one of the task's models leads, the same while nothing happens, and one that cannot run only where
// none can that fits.
RC_GTEST_PROP(TaskLaddersProperty, SomebodyAlwaysLeads, ()) {
  TaskLadders ladders;
  SteadyTime now = kStart;
  auto rungs = three();
  const auto course = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 9), rc::gen::inRange(0, 3)));
  for (const auto& [what, which] : course) {
    const auto index = static_cast<std::size_t>(which);
    if (what < 3) rungs[index].available = !rungs[index].available;
    if (what == 3) now += kPolicy.forgive;
    if (what == 4) std::swap(rungs[0], rungs[index]);
    if (what > 5) ladders.trouble(rungs[index].name, static_cast<Trouble>(what - 6), 8 * kGiB, now);
    ladders.update(Task::chat, rungs, 8 * kGiB, now);
    const std::string leader = ladders.leader(Task::chat);
    const auto led = std::ranges::find(rungs, leader, &Rung::name);
    RC_ASSERT(led != rungs.end());
    RC_ASSERT(!ladders.update(Task::chat, rungs, 8 * kGiB, now) || !led->available);
  }
}

}  // namespace
}  // namespace hearth::daemon
