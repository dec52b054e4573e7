#include "src/ledger.h"

#include <hearth/core/log.h>
#include <hearth/core/money.h>
#include <hearth/spend/budgets.h>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace hearth::spend {
namespace {

using Done = std::move_only_function<void(Result<Reservation>)>;
using store::Connection;

constexpr std::int64_t kBlockCalls = 64;  // a block is for so many calls like the one that asked for it,
constexpr std::int64_t kBlockShare = 8;   // but no more than this part of what is left
constexpr std::size_t kMaxWaiting = 10'000;
constexpr std::size_t kMaxDayKeys = 10'000;  // not yet written; past that, models are counted together
constexpr Day kRemembered = 62;              // days, so that a clock may be put back by a month

// Who may draw from a block: claims that fall under the same budgets.
using BlockKey = std::tuple<std::string, std::string, Day, std::string, bool>;

std::tuple<std::string_view, std::string_view, Day, std::string_view, bool> block_key(const Claim& claim) {
  return {claim.who.key, claim.who.agent, claim.day, claim.currency, claim.price_known};
}

struct Block {
  std::int64_t id = 0;
  Claim claim;
  Amount free;                 // committed and in nobody's hands
  std::int64_t in_flight = 0;  // calls that drew from it
  bool growing = false;        // more of it is on its way to the disk
};
using Blocks = std::map<BlockKey, Block, std::less<>>;

Amount times(Amount a, std::int64_t n) {
  const auto scaled = [&](std::int64_t v) { return v > kMaxMoney / n ? kMaxMoney : v * n; };
  return {scaled(a.nano), scaled(a.tokens)};
}

Amount part_of(Amount a, std::int64_t n) {
  return {a.nano / n, a.tokens / n};
}

std::int64_t signed_tokens(const Usage& usage) {
  return static_cast<std::int64_t>(usage.tokens());
}

Error refusal_error(const Refusal& r, const Call& call, Amount worst, const Calendar& calendar) {
  const std::string name = fmt::format("'{}'", config::to_string(r.budget));
  if (r.why == Refusal::Why::unknown_price)
    return {Errc::failed_precondition,
            fmt::format("the budget {} counts money, and what {}/{} costs is not known: tell its price in hearth.yaml, "
                        "under budgets.prices",
                        name, call.provider, call.model)};
  if (r.why == Refusal::Why::other_currency)
    return {Errc::failed_precondition,
            fmt::format("the budget {} counts {}, and {}/{} is paid in another currency: tell its price in {} in "
                        "hearth.yaml, under budgets.prices",
                        name, r.budget.currency, call.provider, call.model, r.budget.currency)};
  const auto renews = calendar.end_of(r.budget.period, r.first);
  return {
      Errc::resource_exhausted,
      fmt::format("the budget {} has {} left{}, and this call may take {}; {}", name,
                  config::describe_amount(r.budget, r.left), r.subject.empty() ? "" : fmt::format(" for {}", r.subject),
                  config::describe_amount(r.budget, r.budget.is_money() ? worst.nano : worst.tokens),
                  renews ? fmt::format("it begins anew at {}", calendar.local_minute(*renews))
                         : std::string("it does not begin anew; raise it in hearth.yaml"))};
}

}  // namespace

struct Reservation::State {
  enum class Kind { counted, row, block };  // counted: nothing is held for it

  std::shared_ptr<Budgets::Impl> home;
  Call call;
  Claim claim;
  const ModelPrice* price = nullptr;  // of the home's book
  Amount held;
  Kind kind = Kind::counted;
  std::int64_t id = 0;     // of the row
  Block* block = nullptr;  // it is drawn from; stays while calls that drew from it are in flight
  bool begun = false;
};

struct Budgets::Impl : std::enable_shared_from_this<Budgets::Impl> {
  Impl(store::StoreThread& s, Settings settings)
      : store(s), prices(std::move(settings.prices)), calendar(settings.calendar), book(std::move(settings.budgets)) {}

  store::StoreThread& store;
  const PriceBook prices;
  const Calendar calendar;

  // A call that waits for a block to be committed, for it may fit then.
  struct Waiting {
    std::unique_ptr<Reservation::State> state;
    Done done;
  };
  // What is to be told after the lock is released.
  using Told = std::vector<std::pair<Done, Result<Reservation>>>;
  // What is to be written, and what to do then.
  struct Job {
    Changes changes;
    std::move_only_function<void(Result<void>, Told&)> done;  // under the lock
    store::StoreThread::When when = store::StoreThread::When::now;
  };

  mutable std::mutex mutex;  // guards all below
  Book book;
  Blocks blocks;
  Changes pending;
  std::int64_t next_id = 1;
  std::size_t growing = 0;  // blocks
  std::deque<Waiting> waiting;
  std::deque<Job> outbox;  // in the order in which it was decided
  bool sending = false;    // some thread hands the outbox to the store
  bool closed = false;
  bool complained = false;
  Day today = 0;
  WallTime today_ends{};  // past: to be looked up
  WallTime today_began{};

  Day day_of(WallTime at) {
    if (at < today_began || at >= today_ends) {
      today = calendar.day_of(at);
      today_began = at;
      today_ends = calendar.end_of(config::Period::day, today).value_or(at);
    }
    return today;
  }

  // Runs `f(told)` under the lock; then hands to the store and tells what came of it.
  template <typename F>
  void locked(F f) {
    Told told;
    {
      std::unique_lock lock(mutex);
      f(told);
      send(lock);
    }
    for (auto& [done, result] : told) done(std::move(result));
  }
  void send(std::unique_lock<std::mutex>& lock);

  // All under the lock.
  std::unique_ptr<Reservation::State> prepare(Call call);
  std::optional<Reservation> at_once(std::unique_ptr<Reservation::State>& state);
  Blocks::iterator draw(Reservation::State& state);
  void decide(std::unique_ptr<Reservation::State> state, Done done, Told& told);
  void decide_durable(std::unique_ptr<Reservation::State> state, Done done, Told& told);
  void decide_block(std::unique_ptr<Reservation::State> state, Done done, Told& told);
  void refuse(const Refusal& refusal, std::unique_ptr<Reservation::State> state, Done done, Told& told);
  std::optional<Refusal> hold(const Claim& claim, Amount amount);
  void give_back(Block& block);
  void give_back_all();
  void grow(const BlockKey& key, Amount by, std::unique_ptr<Reservation::State> first, Done done);
  void grown(const BlockKey& key, bool stored, Told& told);
  void refill(Blocks::iterator at, Amount like);
  void drop_old_blocks(Day day);
  void record(Reservation::State& state, const DaySums& sums);
  void end(Reservation::State& state, Amount spent);
  void merge_back(const Changes& changes);
  void write_pending();
  void complain(const Result<void>& stored);

  Cost settle(Reservation::State& state, const Usage& actual);
  void release(Reservation::State& state);
  void forfeit(Reservation::State& state);
};

// ── What is decided in memory
// ─────────────────────────────────────────────────────────────────────────────────────────────

std::unique_ptr<Reservation::State> Budgets::Impl::prepare(Call call) {
  auto state = std::make_unique<Reservation::State>();
  state->home = shared_from_this();
  state->claim.who = call.who;
  state->claim.day = day_of(call.at);
  state->held.tokens = signed_tokens(call.worst);
  if (!call.provider.empty()) {
    state->price = prices.find(call.provider, call.model);
    const auto worst = state->price == nullptr ? std::nullopt : worst_price(*state->price, call.worst, call.at);
    state->claim.price_known = worst.has_value();
    if (worst) {
      state->claim.currency = state->price->currency;
      state->held.nano = *worst;
    }
  }
  state->call = std::move(call);
  return state;
}

// Takes the amount out of the block that it came from; blocks.end(): there is not so much in any.
Blocks::iterator Budgets::Impl::draw(Reservation::State& state) {
  const auto found = blocks.find(block_key(state.claim));
  if (found == blocks.end() || !fits(state.held, found->second.free)) return blocks.end();
  Block& block = found->second;
  block.free = block.free - state.held;
  ++block.in_flight;
  state.kind = Reservation::State::Kind::block;
  state.block = &block;
  return found;
}

std::optional<Reservation> Budgets::Impl::at_once(std::unique_ptr<Reservation::State>& state) {
  if (!state->call.metered || !book.concerns(state->claim)) return Reservation(std::move(state));
  if (state->call.durability != Durability::block) return std::nullopt;
  const auto from = draw(*state);
  if (from == blocks.end()) return std::nullopt;
  refill(from, state->held);
  return Reservation(std::move(state));
}

void Budgets::Impl::give_back(Block& block) {
  if (block.free == Amount{}) return;
  book.release(block.claim, block.free);
  Amount& by = pending.shrunken[block.id];
  by = by + block.free;
  block.free = {};
}

// What is free in blocks is for other calls too: it goes back before one is refused. On the disk that happens in the
// same transaction as whatever is reserved instead.
void Budgets::Impl::give_back_all() {
  for (auto& [key, block] : blocks) give_back(block);
}

std::optional<Refusal> Budgets::Impl::hold(const Claim& claim, Amount amount) {
  auto refusal = book.hold(claim, amount);
  if (!refusal || refusal->why != Refusal::Why::over) return refusal;
  give_back_all();
  return book.hold(claim, amount);
}

void Budgets::Impl::refuse(const Refusal& refusal, std::unique_ptr<Reservation::State> state, Done done, Told& told) {
  // A block that is about to be committed may have room to give back.
  if (refusal.why == Refusal::Why::over && growing > 0 && waiting.size() < kMaxWaiting) {
    waiting.push_back({std::move(state), std::move(done)});
    return;
  }
  told.emplace_back(std::move(done), fail(refusal_error(refusal, state->call, state->held, calendar)));
}

void Budgets::Impl::decide(std::unique_ptr<Reservation::State> state, Done done, Told& told) {
  if (closed) {
    told.emplace_back(std::move(done), fail(Errc::unavailable, "hearthd is stopping"));
    return;
  }
  if (auto reserved = at_once(state)) {
    told.emplace_back(std::move(done), std::move(*reserved));
    return;
  }
  if (state->call.durability == Durability::block) return decide_block(std::move(state), std::move(done), told);
  decide_durable(std::move(state), std::move(done), told);
}

void Budgets::Impl::decide_durable(std::unique_ptr<Reservation::State> state, Done done, Told& told) {
  if (const auto refusal = hold(state->claim, state->held))
    return refuse(*refusal, std::move(state), std::move(done), told);
  state->kind = Reservation::State::Kind::row;
  state->id = next_id++;
  const Call& call = state->call;
  Changes changes = std::exchange(pending, {});
  changes.held.push_back({state->id,
                          false,
                          call.at,
                          {state->claim.day, call.who, call.upstream, call.model, state->claim.currency, true},
                          state->held});
  outbox.push_back({std::move(changes),
                    [this, state = std::move(state), done = std::move(done)](Result<void> stored, Told& told) mutable {
                      if (stored) {
                        told.emplace_back(std::move(done), Reservation(std::move(state)));
                        return;
                      }
                      book.release(state->claim, state->held);
                      pending.gone.push_back(state->id);  // it may be there: perhaps only the commit's answer failed
                      told.emplace_back(std::move(done),
                                        fail(stored.error().wrap("the call's budget is not reserved")));
                    },
                    store::StoreThread::When::soon});
}

void Budgets::Impl::decide_block(std::unique_ptr<Reservation::State> state, Done done, Told& told) {
  const BlockKey key(block_key(state->claim));
  const auto found = blocks.find(key);
  if (found != blocks.end() && found->second.growing && waiting.size() < kMaxWaiting) {
    waiting.push_back({std::move(state), std::move(done)});
    return;
  }
  const Amount need = state->held;
  const Amount room = book.room(state->claim) - need;
  Amount want = need;
  if (room.nano > 0 || room.tokens > 0)
    want = need +
           lesser(times(need, kBlockCalls),
                  part_of({std::max<std::int64_t>(room.nano, 0), std::max<std::int64_t>(room.tokens, 0)}, kBlockShare));
  std::optional<Refusal> refusal = book.hold(state->claim, want);
  if (refusal) {
    want = need;
    refusal = hold(state->claim, want);
  }
  if (refusal) return refuse(*refusal, std::move(state), std::move(done), told);
  grow(key, want, std::move(state), std::move(done));
}

// ── Blocks
// ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

// `by` is held already. `first` is the call that it is for, if there is one; it is served before all others.
void Budgets::Impl::grow(const BlockKey& key, Amount by, std::unique_ptr<Reservation::State> first, Done done) {
  auto [it, made] = blocks.try_emplace(key);
  Block& block = it->second;
  if (made) {
    block.id = next_id++;
    block.claim = first->claim;
  }
  block.growing = true;
  ++growing;
  Changes changes = std::exchange(pending, {});
  const DayKey row{block.claim.day, block.claim.who, "", "", block.claim.currency, true};
  const WallTime at = first ? first->call.at : today_began;
  changes.held.push_back({block.id, true, at, row, by});
  outbox.push_back(
      {std::move(changes),
       [this, key, by, first = std::move(first), done = std::move(done)](Result<void> stored, Told& told) mutable {
         Block& mine = blocks.at(key);
         if (stored) {
           mine.free = mine.free + by;
         } else {
           book.release(mine.claim, by);
         }
         if (first && stored) {
           draw(*first);
           told.emplace_back(std::move(done), Reservation(std::move(first)));
         } else if (first) {
           told.emplace_back(std::move(done), fail(stored.error().wrap("the call's budget is not reserved")));
         }
         grown(key, stored.has_value(), told);
       }});
}

void Budgets::Impl::grown(const BlockKey& key, bool stored, Told& told) {
  Block& block = blocks.at(key);
  block.growing = false;
  --growing;
  if (!stored && block.in_flight == 0 && block.free == Amount{}) {
    pending.gone.push_back(block.id);
    blocks.erase(key);
  }
  if (closed) {
    give_back_all();
    write_pending();
  }
  std::deque<Waiting> again = std::exchange(waiting, {});
  for (Waiting& w : again) decide(std::move(w.state), std::move(w.done), told);
}

void Budgets::Impl::refill(Blocks::iterator at, Amount like) {
  Block& block = at->second;
  const Amount most = times(like, kBlockCalls);
  // The last without a look at the budgets: less than half of the most would not be wanted either.
  if (block.growing || closed || fits(part_of(most, 2), block.free)) return;
  const Amount want = lesser(most, part_of(book.room(block.claim), kBlockShare));
  if (want == Amount{} || fits(part_of(want, 2), block.free)) return;
  if (book.hold(block.claim, want)) return;
  grow(at->first, want, nullptr, {});
}

void Budgets::Impl::drop_old_blocks(Day day) {
  for (auto it = blocks.begin(); it != blocks.end();) {
    Block& block = it->second;
    if (block.claim.day == day || block.growing) {
      ++it;
      continue;
    }
    give_back(block);
    if (block.in_flight > 0) {
      ++it;
      continue;
    }
    pending.shrunken.erase(block.id);
    pending.gone.push_back(block.id);
    it = blocks.erase(it);
  }
}

// ── What has ended
// ─────────────────────────────────────────────────────────────────────────────────────────────────────────

// The last that is done with a call: takes its names.
void Budgets::Impl::record(Reservation::State& state, const DaySums& sums) {
  Call& call = state.call;
  DayKey key{state.claim.day,
             std::move(call.who),
             std::move(call.upstream),
             std::move(call.model),
             std::move(state.claim.currency),
             call.metered};
  if (pending.days.size() >= kMaxDayKeys && !pending.days.contains(key)) key.upstream = key.model = "(others)";
  add(pending.days[std::move(key)], sums);
}

void Budgets::Impl::end(Reservation::State& state, Amount spent) {
  using Kind = Reservation::State::Kind;
  if (state.kind == Kind::row) {
    book.settle(state.claim, state.held, spent);
    pending.gone.push_back(state.id);
  }
  if (state.kind != Kind::block) return;
  // The rest goes back to the block, which holds it on.
  Block& block = *state.block;
  const Amount used = lesser(spent, state.held);
  book.settle(state.claim, used, spent);
  block.free = block.free + (state.held - used);
  --block.in_flight;
  if (used == Amount{}) return;
  Amount& by = pending.shrunken[block.id];
  by = by + used;
}

Cost Budgets::Impl::settle(Reservation::State& state, const Usage& actual) {
  const std::lock_guard lock(mutex);
  Cost cost{state.claim.currency, 0};
  if (!state.call.provider.empty())
    cost.nano = state.price == nullptr ? std::nullopt : price_of(*state.price, actual, state.call.at);
  const Amount spent{cost.nano.value_or(0), signed_tokens(actual)};
  end(state, spent);
  if (state.kind != Reservation::State::Kind::counted && !fits(spent, state.held))
    log::warn("spend", "a call took more than was thought possible",
              {{"upstream", state.call.upstream},
               {"model", state.call.model},
               {"tokens", spent.tokens},
               {"reserved_tokens", state.held.tokens},
               {"cost", format_money(spent.nano)},
               {"reserved_cost", format_money(state.held.nano)}});
  record(state, {.calls = 1, .unpriced = cost.nano ? 0 : 1, .usage = actual, .nano = spent.nano});
  return cost;
}

void Budgets::Impl::release(Reservation::State& state) {
  const std::lock_guard lock(mutex);
  end(state, {});
}

void Budgets::Impl::forfeit(Reservation::State& state) {
  const std::lock_guard lock(mutex);
  end(state, state.held);
  record(state, {.calls = 1, .unpriced = state.claim.price_known ? 0 : 1, .unsettled = state.held});
}

Reservation::Reservation(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reservation::Reservation(Reservation&&) noexcept = default;
Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    drop();
    state_ = std::move(other.state_);
  }
  return *this;
}
Reservation::~Reservation() {
  drop();
}

void Reservation::drop() {
  if (state_ && state_->begun) return forfeit();
  release();
}

void Reservation::begin() noexcept {
  if (state_) state_->begun = true;
}

Cost Reservation::settle(const Usage& actual) {
  if (!state_) return {};
  const std::unique_ptr<State> ended = std::move(state_);
  return ended->home->settle(*ended, actual);
}

void Reservation::release() {
  if (!state_) return;
  const std::unique_ptr<State> ended = std::move(state_);
  ended->home->release(*ended);
}

void Reservation::forfeit() {
  if (!state_) return;
  const std::unique_ptr<State> ended = std::move(state_);
  ended->home->forfeit(*ended);
}

// ── To the disk
// ────────────────────────────────────────────────────────────────────────────────────────────────────────────

// Changes reach the store in the order in which they were decided, whatever thread decided them; and never under the
// lock, for a full store answers at once.
void Budgets::Impl::send(std::unique_lock<std::mutex>& lock) {
  if (sending) return;
  sending = true;
  while (!outbox.empty()) {
    auto job = std::make_shared<Job>(std::move(outbox.front()));
    outbox.pop_front();
    lock.unlock();
    store.submit([job](Connection& connection) { return write(connection, job->changes); },
                 [impl = shared_from_this(), job](Result<void> stored) {
                   impl->locked([&](Told& told) {
                     if (!stored) impl->merge_back(job->changes);
                     impl->complain(stored);
                     job->done(std::move(stored), told);
                   });
                 },
                 job->when);
    lock.lock();
  }
  sending = false;
}

// Not what was to be held anew: whoever wanted that has to ask again.
void Budgets::Impl::merge_back(const Changes& changes) {
  for (const auto& [key, sums] : changes.days) add(pending.days[key], sums);
  for (const auto& [id, by] : changes.shrunken) {
    Amount& sum = pending.shrunken[id];
    sum = sum + by;
  }
  pending.gone.insert(pending.gone.end(), changes.gone.begin(), changes.gone.end());
}

void Budgets::Impl::complain(const Result<void>& stored) {
  if (!stored && !complained)
    log::error("spend", "what calls cost cannot be written down", {{"error", stored.error().describe()}});
  if (stored && complained) log::info("spend", "what calls cost can be written down again");
  complained = !stored;
}

void Budgets::Impl::write_pending() {
  if (!pending.empty()) outbox.push_back({std::exchange(pending, {}), [](const Result<void>&, Told&) {}});
}

// ── The public face
// ───────────────────────────────────────────────────────────────────────────────────────────────────────────

Budgets::Budgets(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Budgets>> Budgets::open(store::StoreThread& store, Settings settings, WallTime now) {
  const bool all =
      std::ranges::any_of(settings.budgets, [](const config::Budget& b) { return b.period == config::Period::total; });
  const Day since = all ? 0 : settings.calendar.day_of(now) - kRemembered;
  auto found = store.call([since](Connection& connection) { return start(connection, since); }).get();
  if (!found) return fail(std::move(found).error());
  auto impl = std::make_shared<Impl>(store, std::move(settings));
  for (const Found::Spent& spent : found->spent) impl->book.spend(spent.claim, spent.amount);
  impl->next_id = found->next_id;
  if (found->charged > 0)
    log::warn("spend", "calls were under way when the box went down: what they may have cost counts as spent",
              {{"reservations", found->charged}});
  return std::unique_ptr<Budgets>(new Budgets(std::move(impl)));  // the constructor is private
}

Budgets::~Budgets() {
  impl_->locked([this](Impl::Told& told) {
    impl_->closed = true;
    impl_->give_back_all();
    impl_->write_pending();
    std::deque<Impl::Waiting> waiting = std::exchange(impl_->waiting, {});
    for (Impl::Waiting& w : waiting) impl_->decide(std::move(w.state), std::move(w.done), told);
  });
}

std::optional<Reservation> Budgets::try_reserve(const Call& call) {
  std::optional<Reservation> reserved;
  impl_->locked([&](Impl::Told&) {
    auto state = impl_->prepare(call);
    reserved = impl_->at_once(state);
  });
  return reserved;
}

void Budgets::reserve(Call call, Done done) {
  impl_->locked([&](Impl::Told& told) { impl_->decide(impl_->prepare(std::move(call)), std::move(done), told); });
}

void Budgets::tick(WallTime now) {
  impl_->locked([&](Impl::Told&) {
    const Day day = impl_->day_of(now);
    impl_->drop_old_blocks(day);
    impl_->book.forget_before(day - kRemembered);
    impl_->write_pending();
  });
}

std::vector<BudgetLine> Budgets::lines(WallTime now) const {
  const Day day = impl_->calendar.day_of(now);
  std::vector<Book::Line> found;
  {
    const std::lock_guard lock(impl_->mutex);
    found = impl_->book.lines(day);
  }
  std::vector<BudgetLine> all;
  for (Book::Line& line : found) {
    const auto renews = impl_->calendar.end_of(line.budget.period, line.first);
    all.push_back({std::move(line), renews});
  }
  return all;
}

void Budgets::spending(Day since, By by, std::move_only_function<void(Result<std::vector<SpendRow>>)> done) {
  impl_->locked([&](Impl::Told&) { impl_->write_pending(); });
  auto rows = std::make_shared<std::vector<SpendRow>>();
  impl_->store.submit(
      [rows, since, by](Connection& connection) -> Result<void> {
        HEARTH_TRY_ASSIGN(*rows, sum_up(connection, since, by));
        return {};
      },
      [rows, done = std::move(done)](Result<void> read) mutable {
        if (!read) return done(fail(std::move(read).error()));
        done(std::move(*rows));
      });
}

void Budgets::unsettled(std::move_only_function<void(Result<std::vector<Unsettled>>)> done) {
  auto rows = std::make_shared<std::vector<Unsettled>>();
  impl_->store.submit(
      [rows](Connection& connection) -> Result<void> {
        HEARTH_TRY_ASSIGN(*rows, list_unsettled(connection));
        return {};
      },
      [rows, done = std::move(done)](Result<void> read) mutable {
        if (!read) return done(fail(std::move(read).error()));
        done(std::move(*rows));
      });
}

const PriceBook& Budgets::prices() const noexcept {
  return impl_->prices;
}

const Calendar& Budgets::calendar() const noexcept {
  return impl_->calendar;
}

}  // namespace hearth::spend
