#include <hearth/core/money.h>
#include <hearth/spend/book.h>

#include <algorithm>
#include <limits>

namespace hearth::spend {
namespace {

using config::Budget;
using config::Period;
using config::Scope;

constexpr std::int64_t kMost = 4 * kMaxMoney;  // where counters stop, so that none overflows

std::int64_t of(const Budget& budget, Amount amount) {
  return budget.is_money() ? amount.nano : amount.tokens;
}

bool covers(const Budget& budget, const Party& who) {
  switch (budget.scope) {
    case Scope::box:
    case Scope::each_key:
      return true;
    case Scope::key:
      return budget.name == who.key || budget.name == who.key_name;
    case Scope::agent:
      return budget.name == who.agent;
    case Scope::each_agent:
      return !who.agent.empty();
  }
  return true;
}

// Is anything of the claim counted in it? Money of another currency is not, which hold() does not let happen.
bool counts(const Budget& budget, const Claim& claim) {
  return !budget.is_money() || budget.currency == claim.currency;
}

std::string subject_name(const Budget& budget, const Party& who) {
  if (budget.scope == Scope::each_key) return who.key_name.empty() ? who.key : who.key_name;
  return budget.scope == Scope::each_agent ? who.agent : std::string();
}

}  // namespace

bool fits(Amount a, Amount into) noexcept {
  return a.nano <= into.nano && a.tokens <= into.tokens;
}

Amount lesser(Amount a, Amount b) noexcept {
  return {std::min(a.nano, b.nano), std::min(a.tokens, b.tokens)};
}

// A call that costs no money falls under no money budget.
bool Book::applies(const Budget& budget, const Claim& claim) const {
  const bool costs = !claim.currency.empty() || !claim.price_known;
  return covers(budget, claim.who) && (!budget.is_money() || costs);
}

Book::Place Book::place(std::size_t budget, const Claim& claim) const {
  const Budget& b = budgets_[budget];
  const std::string subject = b.scope == Scope::each_key     ? claim.who.key
                              : b.scope == Scope::each_agent ? claim.who.agent
                                                             : std::string();
  return {budget, subject, Calendar::first_day(b.period, claim.day)};
}

const Book::Counter* Book::find(const Place& place) const {
  const auto found = counters_.find(place);
  return found == counters_.end() ? nullptr : &found->second;
}

bool Book::concerns(const Claim& claim) const {
  return std::ranges::any_of(budgets_, [&](const Budget& b) { return applies(b, claim); });
}

std::optional<Refusal> Book::hold(const Claim& claim, Amount amount) {
  for (std::size_t i = 0; i < budgets_.size(); ++i) {
    const Budget& budget = budgets_[i];
    if (!applies(budget, claim)) continue;
    const Place at = place(i, claim);
    const Counter* counter = find(at);
    const std::int64_t left = counter == nullptr ? budget.amount : budget.amount - counter->spent - counter->held;
    Refusal refusal{Refusal::Why::over, budget, subject_name(budget, claim.who), std::max<std::int64_t>(left, 0),
                    std::get<Day>(at)};
    if (budget.is_money() && !claim.price_known) refusal.why = Refusal::Why::unknown_price;
    if (budget.is_money() && claim.price_known && claim.currency != budget.currency)
      refusal.why = Refusal::Why::other_currency;
    if (refusal.why != Refusal::Why::over || of(budget, amount) > left) return refusal;
  }
  for (std::size_t i = 0; i < budgets_.size(); ++i) {
    if (!applies(budgets_[i], claim)) continue;
    Counter& counter = counters_[place(i, claim)];
    if (counter.name.empty()) counter.name = subject_name(budgets_[i], claim.who);
    counter.held += of(budgets_[i], amount);
  }
  return std::nullopt;
}

void Book::release(const Claim& claim, Amount amount) {
  settle(claim, amount, {});
}

void Book::settle(const Claim& claim, Amount held, Amount spent) {
  for (std::size_t i = 0; i < budgets_.size(); ++i) {
    if (!applies(budgets_[i], claim) || !counts(budgets_[i], claim)) continue;
    Counter& counter = counters_[place(i, claim)];
    if (counter.name.empty()) counter.name = subject_name(budgets_[i], claim.who);
    counter.held -= of(budgets_[i], held);
    counter.spent = std::min(counter.spent + of(budgets_[i], spent), kMost);
  }
}

Amount Book::room(const Claim& claim) const {
  constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
  Amount room{kNoLimit, kNoLimit};
  for (std::size_t i = 0; i < budgets_.size(); ++i) {
    const Budget& budget = budgets_[i];
    if (!applies(budget, claim) || !counts(budget, claim)) continue;
    const Counter* counter = find(place(i, claim));
    const std::int64_t left = counter == nullptr ? budget.amount : budget.amount - counter->spent - counter->held;
    std::int64_t& least = budget.is_money() ? room.nano : room.tokens;
    least = std::min(least, std::max<std::int64_t>(left, 0));
  }
  return room;
}

std::vector<Book::Line> Book::lines(Day today) const {
  std::vector<Line> all;
  for (std::size_t i = 0; i < budgets_.size(); ++i) {
    const Budget& budget = budgets_[i];
    const Day first = Calendar::first_day(budget.period, today);
    const bool each = budget.scope == Scope::each_key || budget.scope == Scope::each_agent;
    const std::size_t before = all.size();
    for (auto it = counters_.lower_bound({i, "", 0}); it != counters_.end() && std::get<0>(it->first) == i; ++it) {
      const auto& [index, subject, day] = it->first;
      if (day != first) continue;
      all.push_back({budget, subject, it->second.name, first, it->second.spent, it->second.held});
    }
    if (all.size() == before && !each) all.push_back({budget, "", "", first, 0, 0});
  }
  return all;
}

void Book::forget_before(Day day) {
  std::erase_if(counters_, [&](const auto& entry) {
    const auto& [index, subject, first] = entry.first;
    const Period period = budgets_[index].period;
    // A month that began 31 days before may still go on.
    const Day reach = period == Period::month ? 31 : 1;
    return period != Period::total && first + reach <= day && entry.second.held == 0;
  });
}

}  // namespace hearth::spend
