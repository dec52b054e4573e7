#include <hearth/deferred/schedule.h>

#include <algorithm>
#include <tuple>

namespace hearth::deferred {
namespace {

// A clock that is set while the box sleeps is noticed so late at most.
constexpr Millis kLongestSleep{60'000};

// By owner, the calls that could be sent now, the oldest last.
using Ready = std::map<std::string_view, std::vector<const Candidate*>>;

Ready::iterator next_owner(Ready& ready, const Turns& turns) {
  const auto rank = [&](const Ready::value_type& owner) {
    const auto turn = turns.find(owner.first);
    const Turn t = turn == turns.end() ? Turn() : turn->second;
    const Candidate& oldest = *owner.second.back();
    return std::tuple(t.running, t.last, oldest.created, std::string_view(oldest.id));
  };
  return std::ranges::min_element(ready, {}, rank);
}

}  // namespace

Plan plan(const std::vector<Candidate>& waiting, Turns turns, std::size_t places, Now now) {
  Plan plan;
  Ready ready;
  auto look_again = Millis::max();
  const auto changes_in = [&](auto span) { look_again = std::min(look_again, std::chrono::ceil<Millis>(span)); };
  for (const Candidate& c : waiting) {
    if (c.deadline <= now.wall) {
      plan.expire.push_back(c.id);
      continue;
    }
    changes_in(c.deadline - now.wall);
    if (c.not_before > now.wall) {
      changes_in(c.not_before - now.wall);
    } else if (c.rests_until > now.steady) {
      changes_in(c.rests_until - now.steady);
    } else {
      ready[c.owner].push_back(&c);
    }
  }
  for (auto& [owner, calls] : ready)
    std::ranges::sort(calls, std::ranges::greater(),
                      [](const Candidate* c) { return std::tuple(c->created, std::string_view(c->id)); });
  std::size_t running = 0;
  std::uint64_t last = 0;
  for (const auto& [owner, turn] : turns) {
    running += turn.running;
    last = std::max(last, turn.last);
  }
  for (; running < places && !ready.empty(); ++running) {
    const auto owner = next_owner(ready, turns);
    Turn& turn = turns[std::string(owner->first)];
    ++turn.running;
    turn.last = ++last;
    plan.start.push_back(owner->second.back()->id);
    owner->second.pop_back();
    if (owner->second.empty()) ready.erase(owner);
  }
  if (look_again != Millis::max()) plan.look_again = std::clamp(look_again, Millis(0), kLongestSleep);
  return plan;
}

}  // namespace hearth::deferred
