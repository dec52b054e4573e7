#include "src/ledger_head.h"

#include "src/bytes.h"

#include <fmt/format.h>

namespace hearth::egress {
namespace {

std::unexpected<Error> contradictory(std::string_view what) {
  return fail(Errc::corrupt, fmt::format("the egress ledger's head was altered: {}", what));
}

}  // namespace

Result<std::optional<LedgerHead>> read_head(store::Connection& db) {
  HEARTH_TRY_ASSIGN(store::Connection::Kept row,
                    db.kept("SELECT size, last, frontier, fold, kept, kept_time, since_kept, note FROM egress_head"));
  HEARTH_TRY_ASSIGN(const bool found, row->step());
  if (!found) return std::nullopt;
  LedgerHead head;
  const auto size = static_cast<std::uint64_t>(row->integer(0));
  head.fold = row->integer(3);
  head.kept = static_cast<std::uint64_t>(row->integer(4));
  head.kept_time = row->integer(5);
  head.note = row->text(7);
  const auto last = hash_from(row->blob(1));
  auto frontier = CompactRange::from(0, size, row->blob(2));
  auto since_kept = CompactRange::from(head.kept, size, row->blob(6));
  if (!last) return contradictory("the last record's hash is none");
  if (!frontier || !since_kept) return contradictory("there are too few or too many hashes for its size");
  head.last = *last;
  head.frontier = std::move(*frontier);
  head.since_kept = std::move(*since_kept);
  const auto note = parse_checkpoint(head.note);
  if (!note) return contradictory(note.error().message());
  if (note->checkpoint.size != size || note->checkpoint.root != head.frontier.root())
    return contradictory("its hashes are not those that were signed");
  return head;
}

Result<void> write_head(store::Connection& db, const LedgerHead& head) {
  return db.run(
      "INSERT OR REPLACE INTO egress_head (id, size, last, frontier, fold, kept, kept_time, since_kept, note) VALUES "
      "(1, "
      "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
      head.size(), store::Blob{view(head.last)}, store::Blob{head.frontier.bytes()}, head.fold, head.kept,
      head.kept_time, store::Blob{head.since_kept.bytes()}, head.note);
}

Result<Appender> Appender::create(store::Connection& db, LedgerHead& head) {
  HEARTH_TRY_ASSIGN(store::Connection::Kept insert,
                    db.kept("INSERT INTO egress_records (number, record) VALUES (?1, ?2)"));
  return Appender(head, std::move(insert));
}

Result<std::uint64_t> Appender::append(std::string_view entry) {
  const std::uint64_t number = head_->size();
  const std::string record = join(head_->last, entry);
  insert_->reset();
  HEARTH_TRY(insert_->bind(number, record));
  HEARTH_TRY(insert_->step());
  head_->last = leaf_hash(record);
  head_->frontier.append(head_->last);
  head_->since_kept.append(head_->last);
  return number;
}

Result<void> keep_checkpoint(store::Connection& db, LedgerHead& head, std::int64_t now_ms, HandedOut handed_out) {
  const int handed = handed_out == HandedOut::yes ? 1 : 0;
  HEARTH_TRY(
      db.run("INSERT INTO egress_checkpoints (size, time, handed_out, range, note) VALUES (?1, ?2, ?3, ?4, ?5) ON "
             "CONFLICT (size) DO UPDATE SET handed_out = max(handed_out, ?3)",
             head.size(), now_ms, handed, store::Blob{head.since_kept.bytes()}, head.note));
  head.kept = head.size();
  head.kept_time = now_ms;
  head.since_kept = CompactRange(head.size());
  return {};
}

}  // namespace hearth::egress
