#include <hearth/engines/placement.h>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace hearth::engines {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kGiB = 1ULL << 30;

Device device(std::string id, std::string pool = "system") {
  Device d;
  d.id = id;
  d.name = std::move(id);
  d.pool = std::move(pool);
  return d;
}
Option on(std::string where, double seconds, std::uint64_t memory = kGiB) {
  Option o;
  o.device = std::move(where);
  o.seconds = seconds;
  o.memory = memory;
  o.measured = true;
  return o;
}
Workload work(std::string name, std::vector<Option> options, double weight = 1, double activity = 0.3) {
  return {std::move(name), weight, activity, std::move(options)};
}
const Placement& of(const PlacementPlan& plan, std::string_view name) {
  return *std::ranges::find(plan.placements, name, &Placement::workload);
}
std::string why_not(const Placement& p, std::string_view id) {
  const auto found = std::ranges::find(p.others, id, &WhyNot::device);
  return found == p.others.end() ? "(chosen)" : found->reason;
}

// A processor with graphics and an NPU, and engines for some of them.
PlacementProblem voice_and_camera() {
  PlacementProblem p;
  p.devices = {device("cpu"), device("gpu0"), device("npu0")};
  p.pools = {{"system", 24 * kGiB}};
  p.workloads = {work("speech", {on("cpu", 0.9), on("gpu0", 0.2)}, 2),
                 work("recognition", {on("cpu", 0.5), on("gpu0", 0.45)}, 2),
                 work("vision", {on("cpu", 0.3), on("npu0", 0.05)}, 1, 0.6)};
  return p;
}

TEST(Placement, PutsEachWhereItServesBest) {
  const PlacementPlan plan = plan_placement(voice_and_camera());
  EXPECT_EQ(of(plan, "speech").device, "gpu0");
  EXPECT_EQ(of(plan, "recognition").device, "cpu") << "a little faster on the GPU, but in speech's way";
  EXPECT_EQ(of(plan, "vision").device, "npu0");
  EXPECT_THAT(why_not(of(plan, "recognition"), "gpu0"), HasSubstr("slower"));
  EXPECT_EQ(why_not(of(plan, "recognition"), "npu0"), "its engine does not run there");
  EXPECT_THAT(of(plan, "vision").reason, HasSubstr("fastest there"));
  EXPECT_EQ(plan.unplaced, 0);
  EXPECT_TRUE(plan.best);
  EXPECT_EQ(plan.used.at("system"), 3 * kGiB);
}

TEST(Placement, SaysWhoseMemoryIsInTheWay) {
  PlacementProblem p;
  p.devices = {device("cpu"), device("gpu0", "gpu0")};
  p.pools = {{"system", 16 * kGiB}, {"gpu0", 8 * kGiB}};
  p.workloads = {work("chat", {on("cpu", 30, 6 * kGiB), on("gpu0", 2, 6 * kGiB)}),
                 work("transcription", {on("cpu", 2, 3 * kGiB), on("gpu0", 0.5, 3 * kGiB)}),
                 work("large", {on("gpu0", 1, 9 * kGiB)})};
  const PlacementPlan plan = plan_placement(p);
  EXPECT_EQ(of(plan, "chat").device, "gpu0");
  EXPECT_EQ(of(plan, "transcription").device, "cpu");
  EXPECT_EQ(why_not(of(plan, "transcription"), "gpu0"), "its memory is taken by chat");
  EXPECT_EQ(of(plan, "large").device, "");
  EXPECT_EQ(of(plan, "large").reason, "no device here can hold it");
  EXPECT_EQ(why_not(of(plan, "large"), "gpu0"), "needs 9.0 GiB, and it has 8.0 GiB");
  EXPECT_EQ(plan.unplaced, 1);
}

TEST(Placement, WhatHasNoRoomIsTheLeast) {
  PlacementProblem p;
  p.devices = {device("cpu")};
  p.pools = {{"system", 3 * kGiB}};
  p.workloads = {work("batch", {on("cpu", 0.1, 2 * kGiB)}, 0.5), work("speech", {on("cpu", 5, 2 * kGiB)}, 2)};
  const PlacementPlan plan = plan_placement(p);
  EXPECT_EQ(of(plan, "speech").device, "cpu");
  EXPECT_EQ(of(plan, "batch").device, "");
  EXPECT_THAT(of(plan, "batch").reason, HasSubstr("no room beside the others"));
  EXPECT_EQ(why_not(of(plan, "batch"), "cpu"), "its memory is taken by speech");
}

TEST(Placement, HoldsADevicesOwnLimitWithinASharedPool) {
  PlacementProblem p;
  p.devices = {device("cpu"), device("gpu0")};
  p.devices[1].memory = 2 * kGiB;
  p.pools = {{"system", 16 * kGiB}};
  p.workloads = {work("a", {on("gpu0", 1, 2 * kGiB), on("cpu", 2, 2 * kGiB)}, 1, 0),
                 work("b", {on("gpu0", 1, 2 * kGiB), on("cpu", 9, 2 * kGiB)}, 1, 0)};
  const PlacementPlan plan = plan_placement(p);
  EXPECT_EQ(of(plan, "a").device, "cpu");
  EXPECT_EQ(of(plan, "b").device, "gpu0");
}

TEST(Placement, LeavesAloneWhatCannotBeUsed) {
  PlacementProblem p = voice_and_camera();
  p.devices[1].obstacle = "hearthd may not open its device";
  const PlacementPlan plan = plan_placement(p);
  EXPECT_EQ(of(plan, "speech").device, "cpu");
  EXPECT_EQ(why_not(of(plan, "speech"), "gpu0"), "hearthd may not open its device");
}

TEST(Placement, OfNothingIsEmpty) {
  EXPECT_TRUE(plan_placement({}).placements.empty());
  PlacementProblem p;
  p.workloads = {work("a", {})};
  EXPECT_EQ(of(plan_placement(p), "a").device, "");
}

TEST(Placement, SurvivesSillyFigures) {
  PlacementProblem p;
  p.devices = {device("cpu"), device("gpu0", "nobody")};
  p.pools = {{"system", UINT64_MAX}};
  p.workloads = {work("a", {on("cpu", -1, UINT64_MAX)}, std::nan(""), 7), work("b", {on("cpu", INFINITY, 1)}, -3, -3),
                 work("c", {on("gpu0", 1, 1)})};
  const PlacementPlan plan = plan_placement(p);
  EXPECT_TRUE(std::isfinite(plan.cost));
  EXPECT_EQ(of(plan, "c").device, "") << "a pool that nobody named holds nothing";
}

TEST(ThreadBudgets, AreSharesOfTheCores) {
  PlacementProblem p;
  p.devices = {device("cpu"), device("gpu0", "gpu0")};
  p.pools = {{"system", 16 * kGiB}, {"gpu0", 16 * kGiB}};
  p.workloads = {work("a", {on("cpu", 1)}, 1, 0.5), work("b", {on("cpu", 1)}, 1, 0.5), work("g", {on("gpu0", 1)}, 1, 1),
                 work("huge", {on("cpu", 1, 99 * kGiB)}, 1, 0)};
  const PlacementPlan plan = plan_placement(p);
  const auto budgets = thread_budgets(p, plan, "cpu", 8);
  EXPECT_EQ(budgets.at("a"), 6U) << "8 ÷ 1.5, rounded up";
  EXPECT_EQ(budgets.at("huge"), 4U) << "it starts there when there is room";
  EXPECT_FALSE(budgets.contains("g"));
  EXPECT_EQ(thread_budgets(p, plan, "cpu", 0).at("a"), 1U);
}

// ── What must hold whatever the box

PlacementProblem any_problem() {
  PlacementProblem p;
  const int pools = *rc::gen::inRange(1, 4);
  for (int i = 0; i < pools; ++i)
    p.pools.push_back({"pool" + std::to_string(i), *rc::gen::inRange<std::uint64_t>(0, 20) * kGiB});
  const int devices = *rc::gen::inRange(0, 5);
  for (int i = 0; i < devices; ++i) {
    Device d = device("d" + std::to_string(i), "pool" + std::to_string(*rc::gen::inRange(0, pools)));
    if (*rc::gen::arbitrary<bool>()) d.memory = *rc::gen::inRange<std::uint64_t>(0, 12) * kGiB;
    if (*rc::gen::inRange(0, 6) == 0) d.obstacle = "not now";
    p.devices.push_back(d);
  }
  const int workloads = *rc::gen::inRange(0, 6);
  for (int i = 0; i < workloads; ++i) {
    Workload w = work("w" + std::to_string(i), {}, *rc::gen::inRange(1, 50) / 10.0, *rc::gen::inRange(0, 11) / 10.0);
    const int options = *rc::gen::inRange(0, 6);
    for (int o = 0; o < options; ++o)
      w.options.push_back(on("d" + std::to_string(*rc::gen::inRange(0, 6)), *rc::gen::inRange(1, 100) / 20.0,
                             *rc::gen::inRange<std::uint64_t>(0, 9) * kGiB));
    p.workloads.push_back(w);
  }
  return p;
}

RC_GTEST_PROP(PlacementAlways, StaysWithinMemoryAndWhatIsThere, ()) {
  const PlacementProblem p = any_problem();
  const PlacementPlan plan = plan_placement(p);
  RC_ASSERT(plan.placements.size() == p.workloads.size());
  std::map<std::string, std::uint64_t> by_device;
  std::map<std::string, std::uint64_t> by_pool;
  for (const Placement& placed : plan.placements) {
    RC_ASSERT(!placed.reason.empty());
    for (const WhyNot& other : placed.others) RC_ASSERT(!other.reason.empty() && other.device != placed.device);
    RC_ASSERT(placed.others.size() + (placed.device.empty() ? 0 : 1) == p.devices.size());
    if (placed.device.empty()) continue;
    const auto where = std::ranges::find(p.devices, placed.device, &Device::id);
    RC_ASSERT(where != p.devices.end());
    RC_ASSERT(where->obstacle.empty());
    const auto& options = std::ranges::find(p.workloads, placed.workload, &Workload::name)->options;
    RC_ASSERT(std::ranges::any_of(options, [&](const Option& o) {
      return o.device == placed.device && o.memory == placed.memory && o.seconds == placed.seconds;
    }));
    by_device[placed.device] += placed.memory;
    by_pool[where->pool] += placed.memory;
  }
  for (const Device& d : p.devices) RC_ASSERT(by_device[d.id] <= d.memory);
  for (const MemoryPool& pool : p.pools) {
    RC_ASSERT(by_pool[pool.name] <= pool.bytes);
    RC_ASSERT(plan.used.at(pool.name) == by_pool[pool.name]);
  }
}

// The slow way: every combination.
struct Best {
  double unplaced = 0;
  double cost = 0;
};
bool better(const Best& a, const Best& b) {
  if (std::abs(a.unplaced - b.unplaced) > 1e-9) return a.unplaced < b.unplaced;
  return a.cost < b.cost;
}
void try_all(const PlacementProblem& p, std::size_t i, std::vector<const Option*>& chosen, std::optional<Best>& best) {
  if (i < p.workloads.size()) {
    chosen.push_back(nullptr);
    try_all(p, i + 1, chosen, best);
    for (const Option& o : p.workloads[i].options) {
      chosen.back() = &o;
      try_all(p, i + 1, chosen, best);
    }
    chosen.pop_back();
    return;
  }
  std::map<std::string, std::uint64_t> by_device;
  std::map<std::string, std::uint64_t> by_pool;
  std::map<std::string, double> load;
  Best here;
  for (std::size_t w = 0; w < chosen.size(); ++w) {
    if (chosen[w] == nullptr) {
      here.unplaced += p.workloads[w].weight;
      continue;
    }
    const auto where = std::ranges::find(p.devices, chosen[w]->device, &Device::id);
    if (where == p.devices.end() || !where->obstacle.empty()) return;
    by_device[where->id] += chosen[w]->memory;
    by_pool[where->pool] += chosen[w]->memory;
    load[where->id] += p.workloads[w].activity;
    if (by_device[where->id] > where->memory) return;
    if (by_pool[where->pool] > std::ranges::find(p.pools, where->pool, &MemoryPool::name)->bytes) return;
  }
  for (std::size_t w = 0; w < chosen.size(); ++w)
    if (chosen[w] != nullptr)
      here.cost += p.workloads[w].weight * chosen[w]->seconds * (1 + load[chosen[w]->device] - p.workloads[w].activity);
  if (!best || better(here, *best)) best = here;
}

RC_GTEST_PROP(PlacementAlways, IsTheBestOfAll, ()) {
  const PlacementProblem p = any_problem();
  const PlacementPlan plan = plan_placement(p);
  std::vector<const Option*> chosen;
  std::optional<Best> best;
  try_all(p, 0, chosen, best);
  RC_ASSERT(plan.best);
  RC_ASSERT(std::abs(plan.unplaced - best->unplaced) < 1e-6);
  RC_ASSERT(std::abs(plan.cost - best->cost) < 1e-6 * std::max(1.0, best->cost));
}

RC_GTEST_PROP(PlacementAlways, IsNoWorseWithOneMoreDevice, ()) {
  const PlacementProblem all = any_problem();
  if (all.devices.empty()) return;
  PlacementProblem fewer = all;
  fewer.devices.erase(fewer.devices.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(all.devices)));
  const PlacementPlan with = plan_placement(all);
  const PlacementPlan without = plan_placement(fewer);
  RC_ASSERT(with.unplaced < without.unplaced + 1e-6);
  RC_ASSERT(with.unplaced < without.unplaced - 1e-6 || with.cost <= without.cost + 1e-6 * std::max(1.0, without.cost));
}

RC_GTEST_PROP(PlacementAlways, IsTheSameInAnyOrder, ()) {
  const PlacementProblem p = any_problem();
  PlacementProblem q = p;
  q.devices = *rc::gen::map(rc::gen::just(p.devices), [](std::vector<Device> v) {
    std::ranges::reverse(v);
    return v;
  });
  std::ranges::rotate(q.workloads, q.workloads.begin() + std::ssize(q.workloads) / 2);
  for (Workload& w : q.workloads) std::ranges::reverse(w.options);
  std::ranges::reverse(q.pools);
  const PlacementPlan a = plan_placement(p);
  const PlacementPlan b = plan_placement(q);
  RC_ASSERT(a.cost == b.cost);
  RC_ASSERT(a.placements.size() == b.placements.size());
  for (std::size_t i = 0; i < a.placements.size(); ++i) {
    RC_ASSERT(a.placements[i].workload == b.placements[i].workload);
    RC_ASSERT(a.placements[i].device == b.placements[i].device);
    RC_ASSERT(a.placements[i].reason == b.placements[i].reason);
  }
}

RC_GTEST_PROP(PlacementAlways, GivesEveryThreadBudgetAShare, ()) {
  const PlacementProblem p = any_problem();
  const PlacementPlan plan = plan_placement(p);
  const std::uint32_t cores = *rc::gen::inRange(1U, 129U);
  for (const auto& [name, threads] : thread_budgets(p, plan, "d0", cores)) {
    RC_ASSERT(threads >= 1U);
    RC_ASSERT(threads <= cores);
    const std::string& where = of(plan, name).device;
    RC_ASSERT(where.empty() || where == "d0");
  }
}

TEST(Placement, EndsItsSearchOnALargeBox) {
  PlacementProblem p;
  p.pools = {{"system", 64 * kGiB}};
  for (int d = 0; d < 8; ++d) {
    p.devices.push_back(device("gpu" + std::to_string(d), "gpu" + std::to_string(d)));
    p.pools.push_back({"gpu" + std::to_string(d), 10 * kGiB});
  }
  for (int w = 0; w < 20; ++w) {
    Workload item = work("w" + std::to_string(w), {});
    for (int d = 0; d < 8; ++d) item.options.push_back(on("gpu" + std::to_string(d), 1 + w * 0.01, 3 * kGiB));
    p.workloads.push_back(item);
  }
  const PlacementPlan plan = plan_placement(p);
  EXPECT_EQ(plan.unplaced, 0);
  EXPECT_FALSE(plan.best) << "it says that it did not look everywhere";
}

}  // namespace
}  // namespace hearth::engines
