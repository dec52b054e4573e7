#include <hearth/deferred/schedule.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace hearth::deferred {
namespace {

constexpr Now kNow{WallTime(Seconds(1'795'000'000)), SteadyTime(std::chrono::hours(5))};

Candidate waiting(std::string id, std::string owner, int age = 0) {
  return {
      std::move(id),    std::move(owner), kNow.wall - Seconds(age), kNow.wall - Seconds(age), kNow.wall + Seconds(3600),
      SteadyTime::min()};
}

std::vector<Candidate> some_candidates() {
  std::vector<Candidate> all;
  const int count = *rc::gen::inRange(0, 30);
  for (int i = 0; i < count; ++i) {
    Candidate c = waiting("def_" + std::to_string(i), std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 4))),
                          *rc::gen::inRange(0, 1000));
    c.not_before = kNow.wall + Seconds(*rc::gen::element(-5, 0, 7));
    c.deadline = kNow.wall + Seconds(*rc::gen::element(-5, 0, 11, 3600));
    c.rests_until = kNow.steady + Seconds(*rc::gen::element(-5, 0, 3));
    all.push_back(std::move(c));
  }
  return all;
}

RC_GTEST_PROP(DeferredPlan, StartsNoMoreThanThereArePlacesAndNothingThatMustWait, ()) {
  const std::vector<Candidate> candidates = some_candidates();
  Turns turns;
  std::size_t running = 0;
  for (const char* owner : {"a", "b", "c"}) {
    const auto n = *rc::gen::inRange<std::size_t>(0, 3);
    turns[owner] = {n, *rc::gen::inRange<std::uint64_t>(0, 9)};
    running += n;
  }
  const auto places = *rc::gen::inRange<std::size_t>(0, 8);
  const Plan p = plan(candidates, turns, places, kNow);
  const std::set<std::string> started(p.start.begin(), p.start.end());
  const std::set<std::string> expired(p.expire.begin(), p.expire.end());
  RC_ASSERT(started.size() == p.start.size());
  RC_ASSERT(started.size() + std::min(running, places) <= places);
  std::size_t able = 0;
  for (const Candidate& c : candidates) {
    const bool over = c.deadline <= kNow.wall;
    const bool can = !over && c.not_before <= kNow.wall && c.rests_until <= kNow.steady;
    RC_ASSERT(expired.contains(c.id) == over);
    if (!can) RC_ASSERT(!started.contains(c.id));
    if (can) ++able;
    if (!over && !can) RC_ASSERT(p.look_again.has_value());
  }
  // No place stays empty while something could be sent.
  RC_ASSERT(started.size() == std::min(able, places - std::min(running, places)));
}

RC_GTEST_PROP(DeferredPlan, NoOwnerWaitsForAnothersThousand, ()) {
  std::vector<Candidate> candidates;
  const int owners = *rc::gen::inRange(2, 5);
  for (int o = 0; o < owners; ++o)
    for (int i = 0; i < *rc::gen::inRange(1, 40); ++i)
      candidates.push_back(waiting("def_" + std::to_string(o) + "_" + std::to_string(i),
                                   std::string(1, static_cast<char>('a' + o)), *rc::gen::inRange(0, 1000)));
  const auto places = *rc::gen::inRange<std::size_t>(1, 4);
  Turns turns;
  std::uint64_t number = 0;
  std::vector<std::string> order;  // of owners
  while (!candidates.empty()) {
    const Plan p = plan(candidates, turns, places, kNow);
    RC_ASSERT(!p.start.empty());
    for (const std::string& id : p.start) {
      const auto c = std::ranges::find(candidates, id, &Candidate::id);
      turns[c->owner].last = ++number;
      order.push_back(c->owner);
      candidates.erase(c);
    }
    // All of those are done before the next plan: each owner that still has calls was served with them.
    for (const Candidate& c : candidates)
      if (p.start.size() == places && places >= static_cast<std::size_t>(owners))
        RC_ASSERT(std::ranges::find(order.end() - static_cast<std::ptrdiff_t>(places), order.end(), c.owner) !=
                  order.end());
  }
  // With one place and all of them waiting, they take turns.
  if (places == 1) {
    const auto first = std::vector<std::string>(order.begin(), order.begin() + owners);
    RC_ASSERT(std::set<std::string>(first.begin(), first.end()).size() == static_cast<std::size_t>(owners));
  }
}

TEST(DeferredPlan, TheOldestOfAnOwnersCallsGoesFirst) {
  const Plan p = plan({waiting("new", "a", 1), waiting("old", "a", 9), waiting("middle", "a", 5)}, {}, 2, kNow);
  EXPECT_EQ(p.start, (std::vector<std::string>{"old", "middle"}));
}

TEST(DeferredPlan, LooksAgainWhenTheNextOneMayGo) {
  Candidate later = waiting("later", "a");
  later.not_before = kNow.wall + Seconds(20);
  EXPECT_EQ(plan({later}, {}, 1, kNow).look_again, Millis(20'000));
  later.rests_until = kNow.steady + Seconds(30);
  later.not_before = kNow.wall;
  EXPECT_EQ(plan({later}, {}, 1, kNow).look_again, Millis(30'000));
  later.deadline = kNow.wall + Millis(1'500);
  EXPECT_EQ(plan({later}, {}, 1, kNow).look_again, Millis(1'500));
  EXPECT_EQ(plan({}, {}, 1, kNow).look_again, std::nullopt);
}

}  // namespace
}  // namespace hearth::deferred
