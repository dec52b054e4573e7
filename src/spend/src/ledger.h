// What Budgets keeps in hearth.db. All functions run on the store's thread, within its transaction.
#pragma once

#include <hearth/spend/book.h>
#include <hearth/spend/budgets.h>
#include <hearth/store/database.h>

#include <map>
#include <tuple>
#include <vector>

namespace hearth::spend {

// What is counted together.
struct DayKey {
  Day day = 0;
  Party who;
  std::string upstream;
  std::string model;
  std::string currency;
  bool metered = true;

  friend bool operator<(const DayKey& a, const DayKey& b) {
    const auto tie = [](const DayKey& k) {
      return std::tie(k.day, k.who.key, k.who.agent, k.upstream, k.model, k.currency, k.metered);
    };
    return tie(a) < tie(b);
  }
};

struct DaySums {
  std::int64_t calls = 0;
  std::int64_t unpriced = 0;
  Usage usage{};
  std::int64_t nano = 0;
  Amount unsettled{};
};
void add(DaySums& to, const DaySums& more);

// A row of spend_held: a call under way, or a block.
struct Held {
  std::int64_t id = 0;
  bool block = false;
  WallTime at;
  DayKey key;  // of a block: without upstream and model
  Amount amount;
};

// What memory is ahead of the disk. Sums and differences only, so that it does not matter in how many transactions it
// gets there.
struct Changes {
  std::map<DayKey, DaySums> days;
  std::vector<std::int64_t> gone;           // rows of spend_held
  std::map<std::int64_t, Amount> shrunken;  // blocks, by how much
  std::vector<Held> held;                   // new rows, and by how much blocks have grown

  [[nodiscard]] bool empty() const { return days.empty() && gone.empty() && shrunken.empty() && held.empty(); }
};

Result<void> write(store::Connection& connection, const Changes& changes);

// What a start finds.
struct Found {
  struct Spent {
    Claim claim;
    Amount amount;
  };
  std::vector<Spent> spent;
  std::int64_t next_id = 1;
  std::int64_t charged = 0;  // reservations and blocks that were open
};
// Charges what is open and sums up from `since` on.
Result<Found> start(store::Connection& connection, Day since);

Result<std::vector<SpendRow>> sum_up(store::Connection& connection, Day since, By by);
Result<std::vector<Unsettled>> list_unsettled(store::Connection& connection);

}  // namespace hearth::spend
