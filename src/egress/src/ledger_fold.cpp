#include "src/ledger_fold.h"

#include "src/bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace hearth::egress {
namespace {

constexpr std::uint64_t kPart = 8192;            // records in one transaction
constexpr std::size_t kMaxSums = 1000;           // distinct rows in a Fold
constexpr std::int64_t kDay = 24 * 3600 * 1000;  // folding less often keeps Folds themselves few
constexpr std::string_view kOthers = "(others)";

auto key_of(const Fold::Sum& sum) {
  return std::tie(sum.data_class, sum.purpose, sum.destination, sum.rule);
}

Result<std::uint64_t> first_record(store::Connection& db, std::uint64_t size) {
  HEARTH_TRY_ASSIGN(store::Statement row, db.prepare("SELECT min(number) FROM egress_records"));
  HEARTH_TRY(row.step());
  return row.is_null(0) ? size : static_cast<std::uint64_t>(row.integer(0));
}

Result<Record> record_at(store::Connection& db, std::uint64_t number) {
  HEARTH_TRY_ASSIGN(store::Statement row, db.prepare("SELECT record FROM egress_records WHERE number = ?1"));
  HEARTH_TRY(row.bind(number));
  HEARTH_TRY_ASSIGN(const bool found, row.step());
  if (!found) return fail(Errc::corrupt, fmt::format("record {} of the egress ledger is missing", number));
  return decode(row.text(0));
}

std::int64_t time_of(const Record& record) {
  const WallTime time = std::visit([](const auto& entry) { return entry.time; }, record.entry);
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// Where to cut: the size of a kept checkpoint, all records before which may go; 0: nowhere.
Result<std::uint64_t> choose_cut(store::Connection& db, const LedgerHead& head, std::uint64_t first,
                                 const FoldRule& rule) {
  const std::uint64_t surplus = head.size() - std::min(head.size(), rule.keep_records);
  {
    HEARTH_TRY_ASSIGN(store::Statement oldest,
                      db.prepare("SELECT size, time FROM egress_checkpoints WHERE size > ?1 ORDER BY size LIMIT 1"));
    HEARTH_TRY(oldest.bind(first));
    HEARTH_TRY_ASSIGN(const bool found, oldest.step());
    const bool due = found && (oldest.integer(1) <= rule.before_ms - kDay ||
                               static_cast<std::uint64_t>(oldest.integer(0)) <= surplus);
    if (!due) return 0;
  }
  HEARTH_TRY_ASSIGN(
      store::Statement cut,
      db.prepare(
          "SELECT max(size) FROM egress_checkpoints WHERE size > ?1 AND size <= ?2 AND (time <= ?3 OR size <= ?4)"));
  HEARTH_TRY(cut.bind(first, first + kPart, rule.before_ms, surplus));
  HEARTH_TRY(cut.step());
  const auto size = static_cast<std::uint64_t>(cut.integer(0));
  if (size == 0 || size <= surplus) return size;
  // When a checkpoint was kept is not signed; the times in records are.
  HEARTH_TRY_ASSIGN(const Record newest, record_at(db, size - 1));
  if (time_of(newest) > rule.before_ms)
    return fail(Errc::corrupt, fmt::format("the time of the kept checkpoint of {} records was altered", size));
  return size;
}

Result<Fold> newest_fold(store::Connection& db, const LedgerHead& head) {
  if (head.fold == kNoFold) return Fold{};
  HEARTH_TRY_ASSIGN(Record record, record_at(db, static_cast<std::uint64_t>(head.fold)));
  if (!std::holds_alternative<Fold>(record.entry))
    return fail(Errc::corrupt, "the egress ledger's sums of old records are missing");
  return std::get<Fold>(std::move(record.entry));
}

// What the records [first, cut) add up to, on top of `fold`.
Result<void> sum_up(store::Connection& db, std::uint64_t first, std::uint64_t cut, Fold& fold) {
  HEARTH_TRY_ASSIGN(
      store::Statement rows,
      db.prepare("SELECT number, record FROM egress_records WHERE number >= ?1 AND number < ?2 ORDER BY number"));
  HEARTH_TRY(rows.bind(first, cut));
  std::map<std::uint64_t, Fold::Sum> calls;  // by number, for what their completions tell
  std::uint64_t expected = first;
  for (;; ++expected) {
    HEARTH_TRY_ASSIGN(const bool row, rows.step());
    if (!row) break;
    if (static_cast<std::uint64_t>(rows.integer(0)) != expected) break;
    const std::string text = rows.text(1);
    HEARTH_TRY_ASSIGN(const Record record, decode(text));
    fold.last = leaf_hash(text);
    if (const auto* begin = std::get_if<Begin>(&record.entry)) {
      calls[expected] = {begin->data_class, begin->rule, begin->purpose, begin->destination, 1, begin->bytes};
      if (fold.first_call == WallTime{}) fold.first_call = begin->time;
      fold.last_call = begin->time;
    } else if (const auto* complete = std::get_if<Complete>(&record.entry)) {
      const auto call = calls.find(complete->begin);
      if (call != calls.end()) call->second.bytes = complete->sent;
    }
  }
  if (expected != cut) return fail(Errc::corrupt, fmt::format("record {} of the egress ledger is missing", expected));
  for (const auto& [number, sum] : calls) add_sum(fold.sums, sum);
  fold.until = cut;
  return {};
}

// Checkpoints before `cut` go, but for the first and those that were taken elsewhere; their ranges become part of the
// next one's.
Result<void> thin_checkpoints(store::Connection& db, std::uint64_t cut) {
  HEARTH_TRY_ASSIGN(
      store::Statement rows,
      db.prepare("SELECT size, handed_out, range FROM egress_checkpoints WHERE size <= ?1 ORDER BY size"));
  HEARTH_TRY(rows.bind(cut));
  struct Kept {
    std::uint64_t size;
    std::string range;
  };
  std::vector<Kept> kept;
  std::vector<std::uint64_t> dropped;
  CompactRange range;
  std::uint64_t before = 0;
  for (;;) {
    HEARTH_TRY_ASSIGN(const bool row, rows.step());
    if (!row) break;
    const auto size = static_cast<std::uint64_t>(rows.integer(0));
    const auto part = CompactRange::from(before, size, rows.blob(2));
    if (!part || !range.merge(*part))
      return fail(Errc::corrupt, fmt::format("the kept checkpoint of {} records was altered", size));
    before = size;
    if (size != cut && size != 0 && rows.integer(1) == 0) {
      dropped.push_back(size);
      continue;
    }
    kept.push_back({size, range.bytes()});
    range = CompactRange(size);
  }
  for (const std::uint64_t size : dropped) {
    HEARTH_TRY(db.run("DELETE FROM egress_checkpoints WHERE size = ?1", size));
  }
  for (const Kept& k : kept) {
    HEARTH_TRY(db.run("UPDATE egress_checkpoints SET range = ?2 WHERE size = ?1", k.size, store::Blob{k.range}));
  }
  return {};
}

}  // namespace

void add_sum(std::vector<Fold::Sum>& sums, const Fold::Sum& sum) {
  const auto found = std::ranges::find_if(sums, [&](const Fold::Sum& s) { return key_of(s) == key_of(sum); });
  if (found != sums.end()) {
    found->calls += sum.calls;
    found->bytes += sum.bytes;
    return;
  }
  if (sums.size() < kMaxSums || sum.destination == kOthers) return sums.push_back(sum);
  Fold::Sum other = sum;
  other.destination = kOthers;
  other.rule = kOthers;
  add_sum(sums, other);
}

Result<bool> fold_part(store::Connection& db, LedgerHead& head, const FoldRule& rule, WallTime now) {
  HEARTH_TRY_ASSIGN(const std::uint64_t first, first_record(db, head.size()));
  HEARTH_TRY_ASSIGN(const std::uint64_t cut, choose_cut(db, head, first, rule));
  if (cut == 0) return false;
  HEARTH_TRY_ASSIGN(Fold fold, newest_fold(db, head));
  if (fold.until != first)
    return fail(Errc::corrupt, fmt::format("records {} to {} of the egress ledger are missing", fold.until, first));
  HEARTH_TRY(sum_up(db, first, cut, fold));
  fold.time = now;
  HEARTH_TRY_ASSIGN(const std::string entry, encode(fold));
  HEARTH_TRY(db.run("DELETE FROM egress_records WHERE number < ?1", cut));
  HEARTH_TRY(thin_checkpoints(db, cut));
  HEARTH_TRY_ASSIGN(Appender appender, Appender::create(db, head));
  HEARTH_TRY_ASSIGN(const std::uint64_t number, appender.append(entry));
  head.fold = static_cast<std::int64_t>(number);
  return true;
}

}  // namespace hearth::egress
