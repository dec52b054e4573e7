#include "src/bytes.h"
#include "src/ledger_fold.h"
#include "src/ledger_head.h"

#include <hearth/core/log.h>
#include <hearth/egress/ledger.h>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

namespace hearth::egress {

// Only touched on the store thread.
struct Ledger::CallState {
  std::optional<std::uint64_t> number;  // of its begin record, once that is in the table
};

namespace {

constexpr std::size_t kMaxWaiting = 20'000;  // some ten megabytes
constexpr std::size_t kMaxBatch = 1024;      // records in one piece of the store's work

std::int64_t millis(WallTime t) {
  return std::chrono::floor<std::chrono::milliseconds>(t.time_since_epoch()).count();
}

using When = store::StoreThread::When;

struct Item {
  Ledger::Call call;
  std::string begin;  // encoded; empty: this completes the call
  Complete complete;
  Ledger::Begun done;       // not set: in the background
  std::uint64_t order = 0;  // in which they came
};

using Handed = std::move_only_function<void(Result<std::string>)>;

// What one piece of the store's work takes along.
struct Batch {
  std::vector<Item> items;
  std::vector<Handed> asked;  // for a checkpoint
  std::string note;           // the ledger's state after it
  bool taken = false;
};

// Does the record's leaf hash to what the head says is the last?
Result<void> check_last(store::Connection& db, const LedgerHead& head) {
  HEARTH_TRY_ASSIGN(store::Statement row,
                    db.prepare("SELECT number, record FROM egress_records ORDER BY number DESC LIMIT 1"));
  HEARTH_TRY_ASSIGN(const bool found, row.step());
  const bool fits =
      found ? static_cast<std::uint64_t>(row.integer(0)) + 1 == head.size() && leaf_hash(row.text(1)) == head.last
            : head.size() == 0;
  if (fits) return {};
  return fail(Errc::corrupt,
              "the egress ledger's last records were altered or removed; `hearth egress verify` says more");
}

// A ledger that is begun has no checkpoints yet.
Result<void> check_unused(store::Connection& db) {
  HEARTH_TRY_ASSIGN(store::Statement row, db.prepare("SELECT count(*) FROM egress_checkpoints"));
  HEARTH_TRY(row.step());
  if (row.integer(0) == 0) return {};
  return fail(Errc::corrupt, "the egress ledger was emptied, but checkpoints of it are left");
}

}  // namespace

struct Ledger::Impl : std::enable_shared_from_this<Ledger::Impl> {
  Impl(store::StoreThread& s, const SigningKey& k, LedgerOptions o)
      : store(s), key(k), verify_key(key.verify_key()), options(std::move(o)) {}

  store::StoreThread& store;
  const SigningKey key;
  const VerifyKey verify_key;
  const LedgerOptions options;

  // Of the store thread: the last states that were written, and committed. Anything else in the table is not ours.
  std::string written;
  std::string committed;

  mutable std::mutex mutex;
  std::deque<Item> waiting;       // under mutex
  std::vector<Handed> asked;      // under mutex
  std::optional<Error> broken;    // under mutex: the table is not what we left; nothing more is taken
  std::uint64_t next_order = 0;   // under mutex
  std::optional<When> scheduled;  // under mutex: work is on its way to the store that will take what waits
  std::uint64_t dropped = 0;      // under mutex

  // ── On the store thread

  Result<void> create(store::Connection& db, WallTime now) {
    LedgerHead head;
    head.note = key.sign(0, head.frontier.root());
    HEARTH_TRY(keep_checkpoint(db, head, millis(now), HandedOut::no));
    return write(db, head);
  }

  // At start: is it what this key signed?
  Result<void> take_over(store::Connection& db, WallTime now) {
    HEARTH_TRY_ASSIGN(std::optional<LedgerHead> head, read_head(db));
    if (!head) {
      HEARTH_TRY(check_last(db, LedgerHead{}));
      HEARTH_TRY(check_unused(db));
      return create(db, now);
    }
    HEARTH_TRY_ASSIGN(const SignedCheckpoint note, parse_checkpoint(head->note));  // read_head() has parsed it
    if (auto ours = verify_key.verify(note); !ours)
      return fail(Errc::corrupt, "the egress ledger was not signed with this box's key: " + ours.error().message());
    HEARTH_TRY(check_last(db, *head));
    if (head->size() > head->kept) {
      HEARTH_TRY(keep_checkpoint(db, *head, millis(now), HandedOut::no));
    }
    return write(db, *head);
  }

  Result<LedgerHead> read(store::Connection& db) {
    HEARTH_TRY_ASSIGN(std::optional<LedgerHead> head, read_head(db));
    if (!head || (head->note != committed && head->note != written))
      return fail(Errc::corrupt,
                  "the egress ledger was changed by something else than hearthd: nothing is recorded any more, so "
                  "nothing may leave; `hearth egress verify` says what was changed");
    return std::move(*head);
  }

  Result<void> write(store::Connection& db, LedgerHead& head) {
    HEARTH_TRY(write_head(db, head));
    written = head.note;
    return {};
  }

  Result<void> append(store::Connection& db, Batch& batch) {
    take(batch);
    if (batch.items.empty() && batch.asked.empty()) return {};
    HEARTH_TRY_ASSIGN(LedgerHead head, read(db));
    HEARTH_TRY_ASSIGN(Appender appender, Appender::create(db, head));
    for (Item& item : batch.items) {
      if (!item.begin.empty()) {
        HEARTH_TRY_ASSIGN(item.call->number, appender.append(item.begin));
        continue;
      }
      if (!item.call->number) continue;  // its begin was refused
      item.complete.begin = *item.call->number;
      HEARTH_TRY_ASSIGN(const std::string entry, encode(item.complete));
      HEARTH_TRY(appender.append(entry));
    }
    head.note = key.sign(head.size(), head.frontier.root());
    const std::int64_t now = millis(options.clock());
    const bool due = head.size() >= head.kept + options.checkpoint_records ||
                     (head.size() > head.kept && now >= head.kept_time + options.checkpoint_time.count());
    if (due || !batch.asked.empty()) {
      HEARTH_TRY(keep_checkpoint(db, head, now, batch.asked.empty() ? HandedOut::no : HandedOut::yes));
    }
    batch.note = head.note;
    return write(db, head);
  }

  Result<bool> fold(store::Connection& db) {
    HEARTH_TRY_ASSIGN(LedgerHead head, read(db));
    const WallTime now = options.clock();
    const FoldRule rule{millis(now - options.keep), options.keep_records};
    HEARTH_TRY_ASSIGN(const bool folded, fold_part(db, head, rule, now));
    if (!folded) return false;
    head.note = key.sign(head.size(), head.frontier.root());
    HEARTH_TRY(write(db, head));
    return true;
  }

  Result<void> keep_last(store::Connection& db) {
    HEARTH_TRY_ASSIGN(LedgerHead head, read(db));
    if (head.size() == head.kept) return {};
    HEARTH_TRY(keep_checkpoint(db, head, millis(options.clock()), HandedOut::no));
    return write(db, head);
  }

  // Tells who waits; what must not be lost goes back to the front of the queue.
  void settle(Batch& batch, const Result<void>& done) {
    if (!batch.taken) take(batch);  // the store was too busy to run the work at all
    if (done && !batch.note.empty()) committed = batch.note;
    if (!done && done.error().is(Errc::corrupt)) {  // known to all before the first is told
      const std::lock_guard lock(mutex);
      broken = done.error();
    }
    std::vector<Item> again;
    for (Item& item : batch.items) {
      if (!done && !item.begin.empty()) item.call->number.reset();
      if (item.done) {
        item.done(done ? Result<Call>(item.call) : Result<Call>(fail(done.error())));
      } else if (!done) {
        again.push_back(std::move(item));
      }
    }
    for (Handed& handed : batch.asked)
      handed(done ? Result<std::string>(batch.note) : Result<std::string>(fail(done.error())));
    if (!done) {
      log::error("egress", "the egress ledger could not be written",
                 {{"error", done.error().describe()}, {"waiting", again.size()}});
      put_back(std::move(again));
    }
  }

  void put_back(std::vector<Item> items) {
    if (items.empty()) return;
    const std::lock_guard lock(mutex);
    const auto at = std::ranges::lower_bound(waiting, items.front().order, {}, &Item::order);
    waiting.insert(at, std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
  }

  void fold_old() {
    auto note = std::make_shared<std::string>();
    store.submit(
        [self = shared_from_this(), note](store::Connection& db) -> Result<void> {
          HEARTH_TRY_ASSIGN(const bool folded, self->fold(db));
          if (folded) *note = self->written;
          return {};
        },
        [self = shared_from_this(), note](const Result<void>& done) {
          if (!done) return log::warn("egress", "old records were not folded", {{"error", done.error().describe()}});
          if (note->empty()) return;
          self->committed = *note;
          self->fold_old();
        });
  }

  // ── Any thread

  void take(Batch& batch) {
    batch.taken = true;
    bool more = false;
    {
      const std::lock_guard lock(mutex);
      const std::size_t count = std::min(waiting.size(), kMaxBatch);
      batch.items.assign(std::make_move_iterator(waiting.begin()),
                         std::make_move_iterator(waiting.begin() + static_cast<std::ptrdiff_t>(count)));
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count));
      more = !waiting.empty();
      if (!more) batch.asked = std::exchange(asked, {});
      scheduled.reset();
      if (more) scheduled = When::now;
    }
    if (more) submit(When::now);
  }

  void submit(When when) {
    auto batch = std::make_shared<Batch>();
    store.submit(
        [self = shared_from_this(), batch](store::Connection& db) {
          auto appended = self->append(db, *batch);
          if (!appended) {
            // Undone before the store's next work runs.
            for (Item& item : batch->items) {
              if (!item.begin.empty()) item.call->number.reset();
            }
          }
          return appended;
        },
        [self = shared_from_this(), batch](const Result<void>& done) { self->settle(*batch, done); }, when);
  }

  // Under the mutex: is a piece of the store's work needed that takes what waits, by then?
  bool schedule(When when) {
    if (scheduled && (*scheduled == When::now || when == When::soon)) return false;
    scheduled = when;
    return true;
  }

  Result<void> queue(Item item) {
    const When when = item.done ? When::now : When::soon;
    {
      const std::lock_guard lock(mutex);
      if (broken) return fail(*broken);
      if (waiting.size() >= kMaxWaiting)
        return fail(Errc::resource_exhausted,
                    "the egress ledger is behind with its records, so nothing may leave; see whether the disk is full "
                    "or slow");
      item.order = next_order++;
      waiting.push_back(std::move(item));
      if (!schedule(when)) return {};
    }
    submit(when);
    return {};
  }

  // What waits after a failure, and nothing else would take along.
  void flush() {
    {
      const std::lock_guard lock(mutex);
      if (waiting.empty() || !schedule(When::now)) return;
    }
    submit(When::now);
  }
};

Ledger::Ledger(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Ledger>> Ledger::open(store::StoreThread& store, const std::filesystem::path& key_file,
                                             LedgerOptions options) {
  HEARTH_TRY_ASSIGN(const bool begun, store
                                          .call([](store::Connection& db) -> Result<bool> {
                                            HEARTH_TRY_ASSIGN(const auto head, read_head(db));
                                            return head.has_value();
                                          })
                                          .get());
  std::error_code ec;
  if (begun && !std::filesystem::exists(key_file, ec))
    return fail(Errc::failed_precondition,
                fmt::format("{}, which the egress ledger is signed with, is missing; restore it from a backup, or let "
                            "`hearth egress set-aside` begin a new ledger",
                            key_file.string()));
  HEARTH_TRY_ASSIGN(SigningKey key, load_or_make_key(key_file));
  auto impl = std::make_shared<Impl>(store, key, std::move(options));
  const auto taken = store
                         .call([impl](store::Connection& db) -> Result<bool> {
                           HEARTH_TRY(impl->take_over(db, impl->options.clock()));
                           return true;
                         })
                         .get();
  if (!taken) return fail(taken.error());
  impl->committed = impl->written;
  auto ledger = std::unique_ptr<Ledger>(new Ledger(std::move(impl)));  // the constructor is private
  ledger->maintain();
  return ledger;
}

Ledger::~Ledger() {
  impl_->flush();
  impl_->store.submit([impl = impl_](store::Connection& db) { return impl->keep_last(db); },
                      [](const Result<void>& done) {
                        if (!done)
                          log::warn("egress", "the last checkpoint was not kept", {{"error", done.error().describe()}});
                      });
}

void Ledger::begin(const Begin& record, Begun done) {
  auto encoded = encode(record);
  if (!encoded) return done(fail(std::move(encoded).error()));
  Item item{std::make_shared<CallState>(), std::move(*encoded), {}, {}};
  // Kept apart until it is known that the item was taken: whoever is refused is told here.
  auto shared = std::make_shared<Begun>(std::move(done));
  item.done = [shared](Result<Call> result) { (*shared)(std::move(result)); };
  if (auto queued = impl_->queue(std::move(item)); !queued) (*shared)(fail(std::move(queued).error()));
}

Result<Ledger::Call> Ledger::begin_in_background(const Begin& record) {
  HEARTH_TRY_ASSIGN(std::string encoded, encode(record));
  auto call = std::make_shared<CallState>();
  HEARTH_TRY(impl_->queue({call, std::move(encoded), {}, {}}));
  return call;
}

void Ledger::complete(const Call& call, Complete record) {
  // Seen to be writable now: one that is not would hold up all that are written with it.
  if (is_writable(record) && impl_->queue({call, {}, record, {}})) return;
  const std::lock_guard lock(impl_->mutex);
  ++impl_->dropped;
}

void Ledger::checkpoint(std::move_only_function<void(Result<std::string>)> done) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->asked.push_back(std::move(done));
    if (!impl_->schedule(When::now)) return;
  }
  impl_->submit(When::now);
}

void Ledger::maintain() {
  impl_->flush();
  impl_->fold_old();
}

const VerifyKey& Ledger::key() const noexcept {
  return impl_->verify_key;
}

Ledger::Counts Ledger::counts() const {
  const std::lock_guard lock(impl_->mutex);
  return {impl_->waiting.size(), impl_->dropped};
}

}  // namespace hearth::egress
