// Hard budgets: what a call may cost at worst is reserved before it is made, in all budgets it falls under at once, and
// settled with what it did cost. What calls took is recorded in any case, also where there is no budget.
//
// What a call may cost is on the disk before the call is made, so that a crash can count too much, never too little:
// what was open then is charged in full at the next start. There are two ways to get it there:
//   durable   a row for the call, committed before reserve() is done. A crash charges the calls that were under way.
//   block     the call is taken out of a larger sum that was committed before, in memory and without waiting. A crash
//             charges what was left of that sum besides. For upstreams so near that a sync of the disk would be felt.
//
// All methods may be called from any thread and never wait for the disk, but open(). Callbacks come on the store's
// thread or on the caller's, and must not block.
#pragma once

#include <hearth/config/budget.h>
#include <hearth/spend/book.h>
#include <hearth/spend/calendar.h>
#include <hearth/spend/prices.h>
#include <hearth/spend/usage.h>
#include <hearth/store/store_thread.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hearth::spend {

// durable: on the disk with the next commit, which it does not hasten (store::StoreThread::kSoon): the call's egress
// record, to be written right after, does.
enum class Durability { durable, block };

// A call that is about to be made.
struct Call {
  Party who;
  std::string upstream;
  std::string model;     // as the upstream calls it
  bool metered = true;   // false: no budget counts it (engines of this box)
  std::string provider;  // whose price list it is on; empty: it costs no money
  Usage worst;           // worst_case() of it
  WallTime at;
  Durability durability = Durability::durable;
};

struct Cost {
  std::string currency;              // empty: no money
  std::optional<std::int64_t> nano;  // nullopt: nobody knows the price
};

class Budgets;

// A place in the budgets for one call. begin() says that the call is made now; then settle() or forfeit() ends it.
// Dropped before begin(), it is released; dropped after, it is forfeited: whoever forgets it does not spend for
// nothing.
class Reservation {
 public:
  Reservation(Reservation&&) noexcept;
  Reservation& operator=(Reservation&&) noexcept;
  ~Reservation();

  // The first byte of the call is about to leave.
  void begin() noexcept;
  // What the call took, as its upstream says.
  Cost settle(const Usage& actual);
  // Nothing was sent, or the upstream took nothing for it (it refused).
  void release();
  // Something was sent, and nobody knows what it cost: it is charged in full and marked as unsettled.
  void forfeit();

  struct State;

 private:
  friend class Budgets;
  explicit Reservation(std::unique_ptr<State> state);
  void drop();
  std::unique_ptr<State> state_;  // nullptr: ended
};

// What was spent, for people.
struct SpendRow {
  std::string name;      // of the key, agent (empty: nobody's calls), model, upstream or day
  std::string currency;  // empty: no money
  std::int64_t nano = 0;
  Usage usage;
  std::uint64_t calls = 0;
  std::uint64_t unpriced = 0;  // calls of these whose price nobody knows
  Amount unsettled{};          // charged in full besides, because nobody knows what was used of it
};
enum class By { key, agent, model, upstream, day };

// A reservation that was charged in full after a crash.
struct Unsettled {
  WallTime at;
  Party who;
  std::string upstream;  // empty: what was left of a block
  std::string model;
  std::string currency;
  Amount amount;
};

struct BudgetLine {
  Book::Line line;
  std::optional<WallTime> renews;
};

class Budgets {
 public:
  struct Settings {
    std::vector<config::Budget> budgets;
    PriceBook prices;
    Calendar calendar = Calendar::utc();
  };
  // Reads what was spent, and charges what a former life left open. Blocking. `store` outlives this object. Errors as
  // StoreThread's.
  static Result<std::unique_ptr<Budgets>> open(store::StoreThread& store, Settings settings, WallTime now);
  // Hands what is not written yet to the store. Reservations may outlive it; they are charged at the next start.
  ~Budgets();
  Budgets(const Budgets&) = delete;
  Budgets& operator=(const Budgets&) = delete;

  // What can be decided without the disk: calls that no budget counts, and those that fit into a block. nullopt: ask
  // reserve().
  std::optional<Reservation> try_reserve(const Call& call);
  // resource_exhausted: it may cost more than is left of a budget; the sentence names it, what is left and when it
  // renews. failed_precondition: a budget of money applies and the price is not known, or in another currency.
  // Errors of the store: nothing is reserved.
  void reserve(Call call, std::move_only_function<void(Result<Reservation>)> done);

  // What has been settled since is written, and blocks that are not needed are given back. To be called every second or
  // so; a crash in between charges the calls settled since in full.
  void tick(WallTime now);

  // In memory, at once. By budget, as configured.
  [[nodiscard]] std::vector<BudgetLine> lines(WallTime now) const;
  // `done` on the store's thread. From `since` on, the dearest first; by day: the latest first.
  void spending(Day since, By by, std::move_only_function<void(Result<std::vector<SpendRow>>)> done);
  // The latest first.
  void unsettled(std::move_only_function<void(Result<std::vector<Unsettled>>)> done);

  [[nodiscard]] const PriceBook& prices() const noexcept;
  [[nodiscard]] const Calendar& calendar() const noexcept;

  struct Impl;

 private:
  explicit Budgets(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with work that is queued and with reservations
};

}  // namespace hearth::spend
