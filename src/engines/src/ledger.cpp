#include <hearth/core/units.h>
#include <hearth/engines/ledger.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <tuple>
#include <utility>

namespace hearth::engines {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

std::uint64_t minus(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : 0;
}

// Bytes by which one entry's leaving helps, and how dear it is. `bytes` is of the entry in question.
struct Candidate {
  const LedgerEntry* entry = nullptr;
  std::uint64_t bytes = 0;
  double cost = 0;
};

bool cheaper(const Candidate& a, const Candidate& b) {
  const double per_byte_a = a.cost / static_cast<double>(std::max<std::uint64_t>(1, a.bytes));
  const double per_byte_b = b.cost / static_cast<double>(std::max<std::uint64_t>(1, b.bytes));
  return std::tie(per_byte_a, a.entry->last_use, a.entry->name) <
         std::tie(per_byte_b, b.entry->last_use, b.entry->name);
}

// What must become free: `all` bytes of anybody, `open` of them from the open lane; and how much of the interactive
// lane's residents may go for it.
struct Need {
  std::uint64_t all = 0;
  std::uint64_t open = 0;
  std::uint64_t spare_interactive = 0;
  [[nodiscard]] bool met() const { return all == 0 && open == 0; }
  [[nodiscard]] bool helps(const Candidate& c) const {
    if (c.bytes == 0) return false;
    if (c.entry->lane == Lane::interactive) return all > 0 && c.bytes <= spare_interactive;
    return all > 0 || open > 0;
  }
  void take(const Candidate& c) {
    all = minus(all, c.bytes);
    if (c.entry->lane == Lane::interactive) {
      spare_interactive = minus(spare_interactive, c.bytes);
    } else {
      open = minus(open, c.bytes);
    }
  }
};

bool suffices(Need need, const std::vector<Candidate>& chosen) {
  for (const Candidate& c : chosen) {
    if (!need.helps(c)) return need.met();
    need.take(c);
  }
  return need.met();
}

double cost_of(const std::vector<Candidate>& chosen) {
  double cost = 0;
  for (const Candidate& c : chosen) cost += c.cost;
  return cost;
}

// One after the other, as they come, those that help; empty when all of them do not meet the need.
std::vector<Candidate> in_order(const std::vector<Candidate>& candidates, Need left) {
  std::vector<Candidate> chosen;
  for (const Candidate& c : candidates) {
    if (left.met()) break;
    if (!left.helps(c)) continue;
    left.take(c);
    chosen.push_back(c);
  }
  return left.met() ? chosen : std::vector<Candidate>();
}

// Which of the interactive lane may go is a matter of sums (`spare_interactive`), so taking them in order can miss a
// set that would do. There are few of them: all subsets are tried, of the ten largest.
std::vector<Candidate> by_subsets(const std::vector<Candidate>& candidates, const Need& need) {
  constexpr std::size_t kMost = 10;
  std::vector<Candidate> interactive;
  std::vector<Candidate> open;
  for (const Candidate& c : candidates) (c.entry->lane == Lane::interactive ? interactive : open).push_back(c);
  if (interactive.size() > kMost) {
    std::ranges::sort(interactive, std::greater<>(),
                      [](const Candidate& c) { return std::tie(c.bytes, c.entry->name); });
    interactive.resize(kMost);
  }
  std::vector<Candidate> best;
  for (std::size_t subset = 1; subset < (std::size_t{1} << interactive.size()); ++subset) {
    std::vector<Candidate> some;
    for (std::size_t i = 0; i < interactive.size(); ++i) {
      if ((subset >> i & 1U) != 0) some.push_back(interactive[i]);
    }
    some.insert(some.end(), open.begin(), open.end());
    std::vector<Candidate> chosen = in_order(some, need);
    if (!chosen.empty() && (best.empty() || cost_of(chosen) < cost_of(best))) best = std::move(chosen);
  }
  return best;
}

// A cheap set that meets the need and of which none could be left out; empty when there is none.
std::vector<Candidate> choose(std::vector<Candidate> candidates, const Need& need) {
  if (need.met()) return {};
  std::ranges::sort(candidates, cheaper);
  std::vector<Candidate> chosen = in_order(candidates, need);
  if (chosen.empty()) chosen = by_subsets(candidates, need);
  // The dearest first: whoever is not needed after all stays.
  for (std::size_t i = chosen.size(); i-- > 0;) {
    std::vector<Candidate> without = chosen;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    if (suffices(need, without)) chosen = std::move(without);
  }
  for (const Candidate& c : candidates) {
    const bool better = c.cost < cost_of(chosen) || (chosen.size() > 1 && c.cost <= cost_of(chosen));
    if (better && suffices(need, {c})) chosen = {c};
  }
  return chosen;
}

std::vector<std::string> names(const std::vector<Candidate>& candidates) {
  std::vector<std::string> out;
  for (const Candidate& c : candidates) out.push_back(c.entry->name);
  return out;
}

LedgerEntry* find(Ledger& ledger, const std::string& name) {
  const auto it = std::ranges::find(ledger.entries, name, &LedgerEntry::name);
  return it == ledger.entries.end() ? nullptr : &*it;
}

// The ledger as one entry sees it that wants to start.
struct View {
  const Ledger& ledger;
  const LedgerEntry& wanted;
  std::uint64_t budget_all;
  std::uint64_t budget_open;
  std::uint64_t all = 0;          // held by others
  std::uint64_t open = 0;         // … of the open lane
  std::uint64_t coming = 0;       // of `all`, on its way back
  std::uint64_t coming_open = 0;  // of `open`
  std::uint64_t interactive = 0;  // held in the interactive lane and to stay

  View(const Ledger& l, const LedgerEntry& w, std::uint64_t budget)
      : ledger(l), wanted(w), budget_all(budget), budget_open(minus(budget, l.interactive_reserve)) {
    for (const LedgerEntry& e : l.entries) {
      if (&e == &w) continue;
      const std::uint64_t bytes = held(e);
      const bool leaves = e.hold == Hold::leaving;
      all += bytes;
      if (leaves) coming += bytes;
      if (e.lane == Lane::open) {
        open += bytes;
        if (leaves) coming_open += bytes;
      } else if (!leaves) {
        interactive += bytes;
      }
    }
  }

  [[nodiscard]] Need need(bool count_coming) const {
    Need n;
    n.all = minus(all - (count_coming ? coming : 0) + wanted.reservation, budget_all);
    n.spare_interactive = interactive;
    if (wanted.lane == Lane::open) {
      n.open = minus(open - (count_coming ? coming_open : 0) + wanted.reservation, budget_open);
      n.spare_interactive = minus(interactive, ledger.interactive_reserve);
    }
    return n;
  }

  template <typename Which>
  [[nodiscard]] std::vector<Candidate> candidates(const LedgerPolicy& policy, Which which) const {
    std::vector<Candidate> out;
    for (const LedgerEntry& e : ledger.entries) {
      if (&e != &wanted && which(e)) out.push_back({&e, held(e), reload_cost(e, policy)});
    }
    return out;
  }
};

std::string too_large(const View& view) {
  const Ledger& l = view.ledger;
  if (view.wanted.reservation > l.budget)
    return fmt::format("it needs {}, and all engines together may have {}; raise engines.memory_budget",
                       format_bytes(view.wanted.reservation), format_bytes(l.budget));
  if (view.wanted.lane == Lane::open && view.wanted.reservation > view.budget_open)
    return fmt::format(
        "it needs {}, and of the {} for all engines {} are kept for speech, transcription and media; raise "
        "engines.memory_budget",
        format_bytes(view.wanted.reservation), format_bytes(l.budget), format_bytes(l.interactive_reserve));
  return fmt::format(
      "it needs {} of the {} for all engines, and those that are kept warm hold too much; raise engines.memory_budget "
      "or "
      "keep fewer warm",
      format_bytes(view.wanted.reservation), format_bytes(l.budget));
}

}  // namespace

std::uint64_t held(const LedgerEntry& entry) noexcept {
  if (entry.hold == Hold::none || entry.hold == Hold::wanted) return 0;
  return std::max(entry.reservation, entry.measured);
}

std::uint64_t total_held(const Ledger& ledger) noexcept {
  std::uint64_t sum = 0;
  for (const LedgerEntry& e : ledger.entries) sum += held(e);
  return sum;
}

bool may_leave(const LedgerEntry& e) noexcept {
  return e.hold == Hold::resident && e.in_flight == 0 && (e.waiting == 0 || e.yielding) && !e.pinned;
}

double reload_cost(const LedgerEntry& entry, const LedgerPolicy& policy) noexcept {
  // Nothing is free to reload: of two that were never measured, the one that is asked for more often stays.
  const double seconds = std::max(0.001, std::chrono::duration<double>(entry.reload_time).count());
  const double horizon = std::chrono::duration<double>(policy.reuse_horizon).count();
  return seconds * -std::expm1(-std::max(0.0, entry.rate) * horizon);
}

StartPlan plan_start(const Ledger& ledger, const std::string& name, const LedgerPolicy& policy, SteadyTime now) {
  const auto it = std::ranges::find(ledger.entries, name, &LedgerEntry::name);
  if (it == ledger.entries.end() || it->hold != Hold::wanted)
    return {.verdict = StartVerdict::wait, .victims = {}, .yield = {}, .coming = false, .reason = "it is not wanted"};
  const View view(ledger, *it, minus(ledger.budget, ledger.short_by));
  StartPlan plan;
  if (view.need(false).met()) {
    plan.verdict = StartVerdict::start;
    return plan;
  }
  const Need need = view.need(true);
  if (need.met()) {
    plan.coming = true;
    plan.reason = "the memory it needs is being set free";
    return plan;
  }
  if (const auto chosen = choose(view.candidates(policy, may_leave), need); !chosen.empty()) {
    plan.verdict = StartVerdict::evict;
    plan.victims = names(chosen);
    return plan;
  }
  // Nobody can go now. Who could, once its work is done?
  const auto could = [](const LedgerEntry& e) {
    return (e.hold == Hold::resident || e.hold == Hold::loading) && !e.pinned;
  };
  if (choose(view.candidates(policy, could), need).empty()) {
    const View at_ease(ledger, *it, ledger.budget);
    const Need least = at_ease.need(true);
    if (least.met() || !choose(at_ease.candidates(policy, could), least).empty()) {
      plan.reason =
          fmt::format("it needs {}, and other programs use the machine's memory", format_bytes(it->reservation));
      return plan;
    }
    plan.verdict = StartVerdict::refuse;
    plan.reason = too_large(at_ease);
    return plan;
  }
  const auto had_its_turn = [&](const LedgerEntry& e) {
    return e.hold == Hold::resident && !e.pinned && now - e.since >= policy.turn_time;
  };
  if (now - it->since >= policy.turn_time) {
    for (const Candidate& c : choose(view.candidates(policy, had_its_turn), need)) plan.yield.push_back(c.entry->name);
  }
  std::vector<std::string> busy;
  for (const LedgerEntry& e : ledger.entries) {
    if (&e != &*it && held(e) > 0 && !may_leave(e)) busy.push_back(e.name);
  }
  plan.reason = fmt::format("it needs {} of the {} for all engines, and what is there is in use ({})",
                            format_bytes(it->reservation), format_bytes(ledger.budget), fmt::join(busy, ", "));
  return plan;
}

Plan plan_starts(const Ledger& ledger, const LedgerPolicy& policy, SteadyTime now) {
  Ledger work = ledger;
  std::vector<const LedgerEntry*> due;
  for (const LedgerEntry& e : ledger.entries) {
    if (e.hold == Hold::wanted) due.push_back(&e);
  }
  const auto rank = [](const LedgerEntry* e) {
    const bool later = e->lane != Lane::interactive && !e->urgent;
    return std::tuple(later, e->since, std::string_view(e->name));
  };
  std::ranges::sort(due, {}, rank);
  Plan plan;
  for (const LedgerEntry* e : due) {
    StartPlan one = plan_start(work, e->name, policy, now);
    LedgerEntry& entry = *find(work, e->name);
    switch (one.verdict) {
      case StartVerdict::start:
        plan.start.push_back(e->name);
        entry.hold = Hold::loading;
        break;
      case StartVerdict::evict:
        for (std::string& victim : one.victims) {
          find(work, victim)->hold = Hold::leaving;
          plan.evict.push_back(std::move(victim));
        }
        entry.hold = Hold::loading;  // what becomes free is its own
        plan.waiting.push_back({e->name, "others leave for it"});
        break;
      case StartVerdict::wait:
        // Until its turn is due, whoever fits beside what is there may go first.
        if (one.coming || now - e->since >= policy.turn_time) entry.hold = Hold::loading;
        std::ranges::move(one.yield, std::back_inserter(plan.yield));
        plan.waiting.push_back({e->name, std::move(one.reason)});
        break;
      case StartVerdict::refuse:
        plan.refused.push_back({e->name, std::move(one.reason)});
        break;
    }
  }
  std::ranges::sort(plan.yield);
  plan.yield.erase(std::ranges::unique(plan.yield).begin(), plan.yield.end());
  return plan;
}

std::uint64_t pressure(const Outside& outside) noexcept {
  // Tasks that wait for memory for this part of the time are the kernel's own word that it is short.
  constexpr double kStalledFull = 10;
  constexpr double kStalledSome = 40;
  std::uint64_t bytes = minus(outside.floor, outside.available);
  const bool stalls = outside.stalled_full >= kStalledFull || outside.stalled_some >= kStalledSome;
  // Swapping or a limit on ourselves can make tasks wait while there is plenty: then nothing needs to go.
  if (stalls && outside.available < 2 * outside.floor) bytes = std::max(bytes, outside.total / 32);
  return bytes;
}

std::vector<std::string> plan_shrink(const Ledger& ledger, const Outside& outside, const LedgerPolicy& policy) {
  std::vector<Candidate> chosen;
  const auto take_until = [&](std::uint64_t wanted, auto bytes_of) {
    std::vector<Candidate> candidates;
    for (const LedgerEntry& e : ledger.entries) {
      const std::uint64_t bytes = bytes_of(e);
      if (e.hold == Hold::leaving) wanted = minus(wanted, bytes);
      const bool taken = std::ranges::any_of(chosen, [&](const Candidate& c) { return c.entry == &e; });
      if (taken) wanted = minus(wanted, bytes);
      if (!taken && e.waiting == 0 && may_leave(e) && bytes > 0)
        candidates.push_back({&e, bytes, reload_cost(e, policy)});
    }
    std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
      if (a.entry->lane != b.entry->lane) return a.entry->lane == Lane::open;
      return cheaper(a, b);
    });
    std::vector<Candidate> more;
    std::uint64_t left = wanted;
    for (const Candidate& c : candidates) {
      if (left == 0) break;
      left = minus(left, c.bytes);
      more.push_back(c);
    }
    std::uint64_t freed = 0;
    for (const Candidate& c : more) freed += c.bytes;
    for (std::size_t i = more.size(); i-- > 0;) {
      if (freed - more[i].bytes < wanted) continue;
      freed -= more[i].bytes;
      more.erase(more.begin() + static_cast<std::ptrdiff_t>(i));
    }
    chosen.insert(chosen.end(), more.begin(), more.end());
  };
  take_until(minus(total_held(ledger), ledger.budget), held);
  take_until(pressure(outside),
             [](const LedgerEntry& e) { return e.hold == Hold::resident || e.hold == Hold::leaving ? e.measured : 0; });
  return names(chosen);
}

std::uint64_t effective_budget(std::uint64_t budget, std::uint64_t measured, const Outside& outside) noexcept {
  return std::min(budget, measured + minus(outside.available, outside.floor));
}

std::uint64_t system_floor(std::uint64_t total) noexcept {
  constexpr std::uint64_t kLeast = 256 * kMiB;
  constexpr std::uint64_t kMost = 4096 * kMiB;
  return std::clamp(total / 8, kLeast, kMost);
}

std::uint64_t default_budget(std::uint64_t total) noexcept {
  // On a machine of a few hundred megabytes half is still better than nothing.
  return std::max(minus(total, system_floor(total)), total / 2);
}

std::uint64_t reservation_for(std::uint64_t estimate, const Learned& learned) noexcept {
  constexpr std::uint64_t kEnough = 20;  // requests: fewer may all have been small
  if (learned.peak == 0) return estimate;
  const std::uint64_t shown = learned.peak + std::max(learned.peak / 8, 8 * kMiB);
  return learned.requests >= kEnough ? shown : std::max(estimate, shown);
}

Learned learn(Learned before, std::uint64_t life_peak, std::uint64_t requests, Millis reload_time) noexcept {
  Learned after = before;
  after.requests = before.requests + requests;
  if (reload_time > Millis(0)) {
    after.reload_time = before.reload_time == Millis(0) ? reload_time : (before.reload_time * 3 + reload_time) / 4;
  }
  if (life_peak >= before.peak) {
    after.peak = life_peak;
  } else if (requests > 0) {
    after.peak = before.peak - (before.peak - life_peak) / 8;  // a life without work says nothing
  }
  return after;
}

}  // namespace hearth::engines
