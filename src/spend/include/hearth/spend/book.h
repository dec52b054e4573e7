// Budgets as a pure state: what was spent of each, what is held for calls under way, and whether another call fits.
// No clock, no disk, no locks: budgets.h has those.
#pragma once

#include <hearth/config/budget.h>
#include <hearth/spend/calendar.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace hearth::spend {

struct Amount {
  std::int64_t nano = 0;  // of the claim's currency
  std::int64_t tokens = 0;

  friend bool operator==(const Amount&, const Amount&) = default;
  friend Amount operator+(Amount a, Amount b) noexcept { return {a.nano + b.nano, a.tokens + b.tokens}; }
  friend Amount operator-(Amount a, Amount b) noexcept { return {a.nano - b.nano, a.tokens - b.tokens}; }
};
[[nodiscard]] bool fits(Amount a, Amount into) noexcept;   // in both
[[nodiscard]] Amount lesser(Amount a, Amount b) noexcept;  // of each

// On whose behalf.
struct Party {
  std::string key;       // its id; empty: no key was needed
  std::string key_name;  // what its owner calls it
  std::string agent;     // empty: none
  friend bool operator==(const Party&, const Party&) = default;
};

// Which budgets something falls under.
struct Claim {
  Party who;
  Day day = 0;
  std::string currency;     // empty: costs no money
  bool price_known = true;  // false: costs money, nobody knows how much
};

struct Refusal {
  enum class Why { over, unknown_price, other_currency };
  Why why = Why::over;
  config::Budget budget;
  std::string subject;    // whose share of an "each" budget: the key's name or the agent; else empty
  std::int64_t left = 0;  // of the budget
  Day first = 0;          // of its period
};

class Book {
 public:
  explicit Book(std::vector<config::Budget> budgets) : budgets_(std::move(budgets)) {}

  [[nodiscard]] bool empty() const noexcept { return budgets_.empty(); }
  // Does any budget apply?
  [[nodiscard]] bool concerns(const Claim& claim) const;

  // Holds `amount` in all budgets that apply, or in none. Then spent + held is nowhere over its limit.
  [[nodiscard]] std::optional<Refusal> hold(const Claim& claim, Amount amount);
  // What was held and is not needed. Never more than is held by that claim.
  void release(const Claim& claim, Amount amount);
  // What was held has become `spent`; a provider that bills more than the worst case is counted in full.
  void settle(const Claim& claim, Amount held, Amount spent);
  // What was spent without having been held: of earlier lives, or where no budget asked.
  void spend(const Claim& claim, Amount spent) { settle(claim, {}, spent); }
  // How much more could be held. No limit: the largest number.
  [[nodiscard]] Amount room(const Claim& claim) const;

  struct Line {
    config::Budget budget;
    std::string subject;  // the key's id or the agent's name, where the budget is for each
    std::string subject_name;
    Day first = 0;
    std::int64_t spent = 0;
    std::int64_t held = 0;
  };
  // Every budget with what is in it at `today`; "each" budgets have a line for everyone seen in the period.
  [[nodiscard]] std::vector<Line> lines(Day today) const;
  // Periods that ended before `day` are forgotten. A clock that is put back further would find them empty.
  void forget_before(Day day);

 private:
  struct Counter {
    std::string name;
    std::int64_t spent = 0;
    std::int64_t held = 0;
  };
  using Place = std::tuple<std::size_t, std::string, Day>;  // budget, subject, first day
  [[nodiscard]] bool applies(const config::Budget& budget, const Claim& claim) const;
  [[nodiscard]] Place place(std::size_t budget, const Claim& claim) const;
  [[nodiscard]] const Counter* find(const Place& place) const;

  std::vector<config::Budget> budgets_;
  std::map<Place, Counter> counters_;
};

}  // namespace hearth::spend
