#include <hearth/engines/ledger.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <utility>

namespace hearth::engines {
namespace {

const SteadyTime kStart = SteadyTime() + Seconds(1'000'000);
constexpr LedgerPolicy kPolicy;

LedgerEntry entry(std::string name, std::uint64_t bytes, Hold hold) {
  LedgerEntry e;
  e.name = std::move(name);
  e.reservation = bytes;
  e.hold = hold;
  e.since = e.last_use = kStart;
  e.reload_time = Millis(1'000);
  return e;
}

Ledger ledger_of(std::uint64_t budget, std::vector<LedgerEntry> entries) {
  return {.budget = budget, .short_by = 0, .interactive_reserve = 0, .entries = std::move(entries)};
}

TEST(Ledger, StartsWhatFits) {
  const Ledger l = ledger_of(100, {entry("a", 60, Hold::resident), entry("b", 40, Hold::wanted)});
  EXPECT_EQ(plan_start(l, "b", kPolicy, kStart).verdict, StartVerdict::start);
}

TEST(Ledger, CountsWhatAnEngineReallyUses) {
  Ledger l = ledger_of(100, {entry("a", 60, Hold::resident), entry("b", 40, Hold::wanted)});
  l.entries[0].measured = 61;
  EXPECT_EQ(plan_start(l, "b", kPolicy, kStart).verdict, StartVerdict::evict);
}

TEST(Ledger, EvictsNoMoreThanMakesRoom) {
  const Ledger l = ledger_of(100, {entry("a", 30, Hold::resident), entry("b", 30, Hold::resident),
                                   entry("c", 40, Hold::resident), entry("d", 35, Hold::wanted)});
  const StartPlan plan = plan_start(l, "d", kPolicy, kStart);
  EXPECT_EQ(plan.verdict, StartVerdict::evict);
  EXPECT_EQ(plan.victims, std::vector<std::string>{"c"});
}

TEST(Ledger, EvictsWhatIsCheapToBringBack) {
  Ledger l = ledger_of(
      100, {entry("dear", 50, Hold::resident), entry("cheap", 50, Hold::resident), entry("d", 50, Hold::wanted)});
  l.entries[0].reload_time = Seconds(60);
  l.entries[0].rate = l.entries[1].rate = 0.01;
  EXPECT_EQ(plan_start(l, "d", kPolicy, kStart).victims, std::vector<std::string>{"cheap"});
  // The same the other way round by use: what nobody asks for costs nothing to unload.
  l.entries[0].rate = 0;
  EXPECT_EQ(plan_start(l, "d", kPolicy, kStart).victims, std::vector<std::string>{"dear"});
}

TEST(Ledger, TiesGoByLastUseThenName) {
  Ledger l =
      ledger_of(100, {entry("b", 50, Hold::resident), entry("a", 50, Hold::resident), entry("d", 50, Hold::wanted)});
  EXPECT_EQ(plan_start(l, "d", kPolicy, kStart).victims, std::vector<std::string>{"a"});
  l.entries[1].last_use = kStart + Seconds(1);
  EXPECT_EQ(plan_start(l, "d", kPolicy, kStart).victims, std::vector<std::string>{"b"});
}

TEST(Ledger, WaitsForWorkAndThenAsksForATurn) {
  Ledger l = ledger_of(100, {entry("a", 80, Hold::resident), entry("b", 60, Hold::wanted)});
  l.entries[0].in_flight = 1;
  StartPlan plan = plan_start(l, "b", kPolicy, kStart + Seconds(1));
  EXPECT_EQ(plan.verdict, StartVerdict::wait);
  EXPECT_TRUE(plan.yield.empty());
  EXPECT_NE(plan.reason.find("in use (a)"), std::string::npos) << plan.reason;
  plan = plan_start(l, "b", kPolicy, kStart + kPolicy.turn_time);
  EXPECT_EQ(plan.verdict, StartVerdict::wait);
  EXPECT_EQ(plan.yield, std::vector<std::string>{"a"});
  // Its work has ended; what waits for it does not keep it.
  l.entries[0].in_flight = 0;
  l.entries[0].waiting = 3;
  l.entries[0].yielding = true;
  EXPECT_EQ(plan_start(l, "b", kPolicy, kStart + kPolicy.turn_time).victims, std::vector<std::string>{"a"});
}

TEST(Ledger, RefusesWhatCanNeverFit) {
  Ledger l =
      ledger_of(100, {entry("a", 60, Hold::resident), entry("b", 60, Hold::wanted), entry("c", 101, Hold::wanted)});
  l.entries[0].pinned = true;
  const StartPlan pinned = plan_start(l, "b", kPolicy, kStart);
  EXPECT_EQ(pinned.verdict, StartVerdict::refuse);
  EXPECT_NE(pinned.reason.find("kept warm"), std::string::npos) << pinned.reason;
  const StartPlan large = plan_start(l, "c", kPolicy, kStart);
  EXPECT_EQ(large.verdict, StartVerdict::refuse);
  EXPECT_NE(large.reason.find("engines.memory_budget"), std::string::npos) << large.reason;
}

TEST(Ledger, WaitsWhileOthersOutsideHoldTheMemory) {
  Ledger l = ledger_of(100, {entry("a", 60, Hold::wanted)});
  l.short_by = 50;
  const StartPlan plan = plan_start(l, "a", kPolicy, kStart);
  EXPECT_EQ(plan.verdict, StartVerdict::wait);
  EXPECT_NE(plan.reason.find("other programs"), std::string::npos) << plan.reason;
}

TEST(Ledger, KeepsTheInteractiveLane) {
  Ledger l = ledger_of(
      100, {entry("speech", 30, Hold::none), entry("index", 80, Hold::wanted), entry("small", 70, Hold::wanted)});
  l.entries[0].lane = Lane::interactive;
  l.interactive_reserve = 30;
  EXPECT_EQ(plan_start(l, "index", kPolicy, kStart).verdict, StartVerdict::refuse);
  EXPECT_EQ(plan_start(l, "small", kPolicy, kStart).verdict, StartVerdict::start);
  // What lives in it is not pushed out by the open lane.
  l.entries[0].hold = Hold::resident;
  l.entries[2].hold = Hold::resident;
  l.entries[1].reservation = 60;
  EXPECT_EQ(plan_start(l, "index", kPolicy, kStart).victims, std::vector<std::string>{"small"});
}

TEST(Ledger, TheInteractiveLaneGivesWhatIsOverItsReserve) {
  Ledger l = ledger_of(
      100, {entry("s1", 20, Hold::resident), entry("s2", 50, Hold::resident), entry("index", 60, Hold::wanted)});
  l.entries[0].lane = l.entries[1].lane = Lane::interactive;
  l.interactive_reserve = 20;
  l.entries[1].rate = 1;  // dearer than s1, but only its leaving keeps the reserve
  EXPECT_EQ(plan_start(l, "index", kPolicy, kStart).victims, std::vector<std::string>{"s2"});
}

TEST(Ledger, WhatIsSetFreeForOneIsNotGivenToAnother) {
  Ledger l = ledger_of(100, {entry("a", 90, Hold::leaving), entry("big", 90, Hold::wanted),
                             entry("later", 10, Hold::wanted), entry("latest", 10, Hold::wanted)});
  l.entries[2].since = kStart + Millis(1);
  l.entries[3].since = kStart + Millis(2);
  const Plan plan = plan_starts(l, kPolicy, kStart + Millis(3));
  EXPECT_TRUE(plan.start.empty());
  EXPECT_TRUE(plan.evict.empty());
  // Gone: the first in line, and one that fits beside it.
  l.entries[0].hold = Hold::none;
  EXPECT_EQ(plan_starts(l, kPolicy, kStart + Millis(3)).start, (std::vector<std::string>{"big", "later"}));
}

TEST(Ledger, SmallOnesGoFirstUntilATurnIsDue) {
  Ledger l = ledger_of(
      100, {entry("a", 80, Hold::resident), entry("big", 90, Hold::wanted), entry("small", 20, Hold::wanted)});
  l.entries[0].in_flight = 1;
  l.entries[2].since = kStart + Millis(1);
  EXPECT_EQ(plan_starts(l, kPolicy, kStart + Millis(2)).start, std::vector<std::string>{"small"});
  EXPECT_TRUE(plan_starts(l, kPolicy, kStart + kPolicy.turn_time).start.empty());
}

TEST(Ledger, ShrinksWhenMemoryIsShortOutside) {
  Ledger l = ledger_of(1000, {entry("busy", 100, Hold::resident), entry("idle", 100, Hold::resident),
                              entry("pinned", 100, Hold::resident), entry("speech", 100, Hold::resident)});
  for (LedgerEntry& e : l.entries) e.measured = 80;
  l.entries[0].in_flight = 1;
  l.entries[2].pinned = true;
  l.entries[3].lane = Lane::interactive;
  Outside outside{.total = 3200, .available = 100, .floor = 100};
  EXPECT_TRUE(plan_shrink(l, outside, kPolicy).empty());
  outside.available = 90;
  EXPECT_EQ(plan_shrink(l, outside, kPolicy), std::vector<std::string>{"idle"});
  outside.available = 5;
  EXPECT_EQ(plan_shrink(l, outside, kPolicy), (std::vector<std::string>{"idle", "speech"}));
  outside.available = 150;
  outside.stalled_full = 25;
  EXPECT_EQ(pressure(outside), 100U);
  outside.available = 2000;
  EXPECT_EQ(pressure(outside), 0U) << "tasks stall, but not for want of memory on this machine";
}

TEST(Ledger, ShrinksWhenEnginesOutgrowTheBudget) {
  Ledger l = ledger_of(100, {entry("grown", 50, Hold::resident), entry("idle", 30, Hold::resident)});
  l.entries[0].in_flight = 1;
  l.entries[0].measured = 80;
  EXPECT_EQ(plan_shrink(l, {}, kPolicy), std::vector<std::string>{"idle"});
}

TEST(Ledger, LearnsUpAtOnceAndDownSlowly) {
  Learned learned = learn({}, 100 << 20, 30, Millis(400));
  EXPECT_EQ(learned.peak, 100ULL << 20);
  EXPECT_EQ(learned.reload_time, Millis(400));
  EXPECT_EQ(learn(learned, 0, 0, Millis(0)).peak, learned.peak) << "a life without work";
  const Learned after = learn(learned, 20 << 20, 5, Millis(800));
  EXPECT_EQ(after.peak, 90ULL << 20);
  EXPECT_EQ(after.reload_time, Millis(500));
  EXPECT_EQ(learn(after, 300 << 20, 1, Millis(0)).peak, 300ULL << 20);
}

TEST(Ledger, AnEstimateHoldsUntilEnoughWasSeen) {
  constexpr std::uint64_t kEstimate = 512 << 20;
  EXPECT_EQ(reservation_for(kEstimate, {}), kEstimate);
  Learned learned{.peak = 64 << 20, .requests = 3};
  EXPECT_EQ(reservation_for(kEstimate, learned), kEstimate);
  learned.requests = 20;
  EXPECT_EQ(reservation_for(kEstimate, learned), 72ULL << 20);
  learned = {.peak = 1ULL << 30, .requests = 1};
  EXPECT_EQ(reservation_for(kEstimate, learned), (1ULL << 30) + (128ULL << 20));
}

TEST(Ledger, LeavesAPartToTheSystem) {
  constexpr std::uint64_t kGiB = 1ULL << 30;
  EXPECT_EQ(default_budget(8 * kGiB), 7 * kGiB);
  EXPECT_EQ(default_budget(64 * kGiB), 60 * kGiB);
  EXPECT_EQ(default_budget(kGiB), kGiB - (256ULL << 20));
  EXPECT_EQ(default_budget(256ULL << 20), 128ULL << 20);
  EXPECT_EQ(effective_budget(100, 30, {.total = 0, .available = 50, .floor = 10}), 70U);
  EXPECT_EQ(effective_budget(100, 30, {.total = 0, .available = 500, .floor = 10}), 100U);
  EXPECT_EQ(effective_budget(100, 30, {.total = 0, .available = 5, .floor = 10}), 30U);
}

// ── A box with engines, for any course of events

struct World {
  Ledger ledger;
  SteadyTime now = kStart;
  std::vector<LedgerEntry>& entries() { return ledger.entries; }
  LedgerEntry& at(const std::string& name) { return *std::ranges::find(entries(), name, &LedgerEntry::name); }
  LedgerEntry& any(int which) { return entries()[static_cast<std::size_t>(which) % entries().size()]; }

  void set(LedgerEntry& e, Hold hold) {
    e.hold = hold;
    e.since = now;
    if (hold == Hold::none || hold == Hold::wanted) e.measured = 0;
  }

  std::uint64_t held_open() {
    std::uint64_t sum = 0;
    for (const LedgerEntry& e : entries())
      if (e.lane == Lane::open) sum += held(e);
    return sum;
  }
  std::uint64_t held_interactive() { return total_held(ledger) - held_open(); }

  void evict(const std::string& name) {
    LedgerEntry& e = at(name);
    RC_ASSERT(e.hold == Hold::resident);
    RC_ASSERT(e.in_flight == 0U);
    RC_ASSERT(!e.pinned);
    set(e, Hold::leaving);
  }

  // What the supervisor does whenever something has changed.
  void plan() {
    const Ledger before = ledger;
    const std::uint64_t held_before = total_held(ledger);
    const std::uint64_t interactive_before = held_interactive();
    const Plan plan = plan_starts(ledger, kPolicy, now);
    for (LedgerEntry& e : entries()) e.yielding = false;
    for (const std::string& name : plan.yield) at(name).yielding = true;
    // One need at a time: each of its victims is needed.
    for (const LedgerEntry& e : before.entries) {
      if (e.hold != Hold::wanted) continue;
      const StartPlan one = plan_start(before, e.name, kPolicy, now);
      for (const std::string& spared : one.victims) {
        Ledger without = before;
        for (LedgerEntry& v : without.entries) {
          const bool leaves = v.hold == Hold::leaving ||
                              (v.name != spared && std::ranges::find(one.victims, v.name) != one.victims.end());
          if (leaves) v.hold = Hold::none;
        }
        RC_ASSERT(plan_start(without, e.name, kPolicy, now).verdict != StartVerdict::start);
      }
      if (one.verdict == StartVerdict::evict) {
        Ledger with = before;
        for (LedgerEntry& v : with.entries) {
          if (v.hold == Hold::leaving || std::ranges::find(one.victims, v.name) != one.victims.end())
            v.hold = Hold::none;
        }
        RC_ASSERT(plan_start(with, e.name, kPolicy, now).verdict == StartVerdict::start);
      }
    }
    for (const std::string& name : plan.evict) evict(name);
    for (const std::string& name : plan.start) {
      RC_ASSERT(at(name).hold == Hold::wanted);
      const bool open = at(name).lane == Lane::open;
      set(at(name), Hold::loading);
      if (open) RC_ASSERT(held_open() + ledger.interactive_reserve <= ledger.budget);
    }
    for (const auto& [name, why] : plan.refused) {
      LedgerEntry& e = at(name);
      RC_ASSERT(!why.empty());
      e.waiting = 0;
      set(e, Hold::none);
    }
    RC_ASSERT(total_held(ledger) <= ledger.budget);
    RC_ASSERT(plan.start.size() > 0 || total_held(ledger) == held_before);
    // The open lane pushes nothing below the reserve of the interactive one.
    bool interactive_wants = false;
    for (const LedgerEntry& e : before.entries)
      interactive_wants |= e.hold == Hold::wanted && e.lane == Lane::interactive;
    if (!interactive_wants && !plan.evict.empty()) {
      std::uint64_t stays = 0;
      for (const LedgerEntry& e : entries())
        if (e.lane == Lane::interactive && e.hold != Hold::leaving) stays += held(e);
      std::uint64_t left = 0;
      for (const std::string& name : plan.evict)
        if (at(name).lane == Lane::interactive) left += held(at(name));
      if (left > 0) RC_ASSERT(stays >= ledger.interactive_reserve);
    }
    RC_ASSERT(held_interactive() >= interactive_before || plan.start.empty());
  }

  void request(LedgerEntry& e) {
    ++e.waiting;
    e.last_use = now;
    if (e.hold == Hold::none) set(e, Hold::wanted);
    serve(e);
  }
  void serve(LedgerEntry& e) {
    if (e.hold != Hold::resident || e.yielding) return;
    e.in_flight += std::exchange(e.waiting, 0U);
  }
  void finish(LedgerEntry& e) {
    if (e.in_flight > 0) --e.in_flight;
    e.last_use = now;
  }
  void loaded(LedgerEntry& e) {
    if (e.hold != Hold::loading) return;
    set(e, Hold::resident);
    serve(e);
  }
  void gone(LedgerEntry& e) {
    if (e.hold == Hold::leaving) set(e, e.waiting > 0 ? Hold::wanted : Hold::none);
  }
  void crash(LedgerEntry& e) {
    if (e.hold != Hold::resident && e.hold != Hold::loading) return;
    e.in_flight = 0;
    set(e, e.waiting > 0 ? Hold::wanted : Hold::none);
  }
  void shrink(const Outside& outside) {
    const std::uint64_t before = total_held(ledger);
    for (const std::string& name : plan_shrink(ledger, outside, kPolicy)) {
      RC_ASSERT(held(at(name)) > 0U);
      RC_ASSERT(at(name).waiting == 0U);
      evict(name);
    }
    RC_ASSERT(total_held(ledger) == before);
  }
};

World any_world() {
  World world;
  world.ledger.budget = 1000;
  world.ledger.interactive_reserve = *rc::gen::element<std::uint64_t>(0, 100, 250);
  const int engines = *rc::gen::inRange(1, 8);
  for (int i = 0; i < engines; ++i) {
    LedgerEntry e =
        entry(std::string(1, static_cast<char>('a' + i)), *rc::gen::inRange<std::uint64_t>(1, 1100), Hold::none);
    e.pinned = *rc::gen::inRange(0, 6) == 0;
    e.lane = *rc::gen::inRange(0, 3) == 0 ? Lane::interactive : Lane::open;
    e.reload_time = Millis(*rc::gen::inRange(0, 60'000));
    e.rate = *rc::gen::inRange(0, 100) / 1000.0;
    world.ledger.entries.push_back(e);
  }
  return world;
}

void step(World& world, int what, int which) {
  LedgerEntry& e = world.any(which);
  switch (what) {
    case 0:
    case 1:
    case 2:
      world.request(e);
      break;
    case 3:
    case 4:
      world.finish(e);
      break;
    case 5:
    case 6:
      world.loaded(e);
      break;
    case 7:
    case 8:
      world.gone(e);
      break;
    case 9:
      world.crash(e);
      break;
    case 10:
      if (held(e) > 0) e.measured = e.reservation * static_cast<std::uint64_t>(which % 11) / 10;
      break;
    case 11:
      world.shrink({.total = 3200, .available = static_cast<std::uint64_t>(which), .floor = 100});
      break;
    case 12:
      world.ledger.short_by = static_cast<std::uint64_t>(which % 500);
      break;
    default:
      world.now += Millis(which * 20);
  }
  world.plan();
}

RC_GTEST_PROP(LedgerProperty, TheBudgetHoldsForAnyCourseOfEvents, ()) {
  World world = any_world();
  const auto course = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 15), rc::gen::inRange(0, 1000)));
  for (const auto& [what, which] : course) step(world, what, which);
  for (const LedgerEntry& e : world.entries()) RC_ASSERT(!e.pinned || e.hold != Hold::leaving);
}

// Whatever has happened: when work ends and no more comes, all who wait are served or refused.
RC_GTEST_PROP(LedgerProperty, WhoeverCanBeServedIs, ()) {
  World world = any_world();
  const auto course = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 15), rc::gen::inRange(0, 1000)));
  for (const auto& [what, which] : course) step(world, what, which);
  world.ledger.short_by = 0;
  const auto waits = [&] {
    return std::ranges::any_of(world.entries(), [](const LedgerEntry& e) { return e.waiting > 0; });
  };
  for (int round = 0; waits() && round < 200; ++round) {
    world.now += Seconds(2);
    for (LedgerEntry& e : world.entries()) {
      e.in_flight = 0;
      world.loaded(e);
      world.gone(e);
      world.plan();
      world.serve(e);
    }
  }
  RC_ASSERT(!waits());
}

// One that is never idle does not keep another out for ever.
RC_GTEST_PROP(LedgerProperty, ABusyOneGivesATurn, ()) {
  World world;
  world.ledger.budget = 100;
  world.entries() = {entry("busy", *rc::gen::inRange<std::uint64_t>(51, 100), Hold::resident),
                     entry("waits", *rc::gen::inRange<std::uint64_t>(51, 100), Hold::none)};
  world.request(world.at("busy"));
  world.request(world.at("waits"));
  bool served = false;
  for (int second = 0; second < 30 && !served; ++second) {
    world.now += Seconds(1);
    LedgerEntry& busy = world.at("busy");
    world.request(busy);  // before the last one ends
    world.finish(busy);
    for (const char* name : {"busy", "waits"}) {
      world.gone(world.at(name));
      world.loaded(world.at(name));
    }
    world.plan();
    served = world.at("waits").in_flight > 0;
  }
  RC_ASSERT(served);
}

RC_GTEST_PROP(LedgerProperty, GrowthPastAReservationIsMadeRoomFor, ()) {
  World world = any_world();
  world.ledger.interactive_reserve = 0;
  const auto grow = *rc::gen::inRange<std::uint64_t>(0, 400);
  std::uint64_t used = 0;
  for (LedgerEntry& e : world.entries()) {
    if (used + e.reservation > world.ledger.budget) continue;
    used += e.reservation;
    world.set(e, Hold::resident);
    e.in_flight = *rc::gen::inRange(0U, 2U);
  }
  LedgerEntry& first = world.any(0);
  if (first.hold == Hold::resident) first.measured = first.reservation + grow;
  const std::vector<std::string> victims = plan_shrink(world.ledger, {}, kPolicy);
  if (total_held(world.ledger) <= world.ledger.budget) {
    RC_ASSERT(victims.empty());
    return;
  }
  for (const std::string& name : victims) world.evict(name);
  std::uint64_t stays = 0;
  bool idle_stays = false;
  for (const LedgerEntry& e : world.entries()) {
    if (e.hold != Hold::leaving) stays += held(e);
    idle_stays |= may_leave(e) && held(e) > 0;
  }
  RC_ASSERT(stays <= world.ledger.budget || !idle_stays);
}

RC_GTEST_PROP(LedgerProperty, AReservationCoversWhatWasSeen, ()) {
  Learned learned;
  std::uint64_t last = 0;
  const auto lives = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0U, 1U << 31U));
  for (const std::uint32_t peak : lives) {
    learned = learn(learned, peak, 10, Millis(1));
    last = peak;
    RC_ASSERT(reservation_for(0, learned) >= last);
  }
}

}  // namespace
}  // namespace hearth::engines
