#include "idempotency_records.h"

#include <hearth/core/log.h>

#include <algorithm>
#include <cstring>

namespace hearth::answers {
namespace {

using store::Blob;
using store::Connection;
using store::Statement;

struct Found {
  std::optional<IdempotencyRecord> record;
  std::string answer;
};

Result<Found> find(Connection& connection, const Digest& id) {
  HEARTH_TRY_ASSIGN(Statement row,
                    connection.prepare("SELECT request, state, made, answer FROM idempotency WHERE id = ?1"));
  HEARTH_TRY(row.bind(Blob{id.view()}));
  HEARTH_TRY_ASSIGN(const bool there, row.step());
  Found found;
  if (!there) return found;
  IdempotencyRecord record;
  const std::string request = row.blob(0);
  std::memcpy(record.request.bytes.data(), request.data(), std::min(request.size(), record.request.bytes.size()));
  record.state = static_cast<RecordState>(row.integer(1));
  record.made = WallTime(Seconds(row.integer(2)));
  record.has_answer = !row.is_null(3);
  if (record.has_answer) found.answer = row.blob(3);
  found.record = record;
  return found;
}

Result<void> set_state(Connection& connection, const Ticket& ticket, RecordState state) {
  return connection.run("UPDATE idempotency SET state = ?2 WHERE id = ?1", Blob{ticket.id.view()},
                        static_cast<std::int64_t>(state));
}

}  // namespace

Result<void> IdempotencyRecords::count(Connection& connection) {
  if (counted_) return {};
  HEARTH_TRY_ASSIGN(Statement sum,
                    connection.prepare("SELECT count(*), coalesce(sum(length(answer)), 0) FROM idempotency"));
  HEARTH_TRY(sum.step());
  records_ = static_cast<std::uint64_t>(sum.integer(0));
  bytes_ = static_cast<std::uint64_t>(sum.integer(1));
  counted_ = true;
  return {};
}

Result<void> IdempotencyRecords::drop_old(Connection& connection, WallTime now) {
  const std::int64_t oldest = unix_seconds(now) - limits_.lifetime.count();
  {
    HEARTH_TRY_ASSIGN(Statement any, connection.prepare("SELECT 1 FROM idempotency WHERE made <= ?1 LIMIT 1"));
    HEARTH_TRY(any.bind(oldest));
    HEARTH_TRY_ASSIGN(const bool some, any.step());
    if (!some) return {};
  }
  HEARTH_TRY(connection.run("DELETE FROM idempotency WHERE made <= ?1", oldest));
  counted_ = false;
  return count(connection);
}

// For one record more: the tenant's own oldest goes first, so that one who uses many keys takes nobody else's.
Result<void> IdempotencyRecords::make_room(Connection& connection, const Ticket& ticket) {
  if (records_ < limits_.records) return {};
  HEARTH_TRY(
      connection.run("DELETE FROM idempotency WHERE id = coalesce((SELECT id FROM idempotency WHERE tenant = ?1 ORDER "
                     "BY made LIMIT 1), "
                     "(SELECT id FROM idempotency ORDER BY made LIMIT 1))",
                     ticket.tenant));
  counted_ = false;
  return count(connection);
}

Result<Idempotency::Standing> IdempotencyRecords::accept(Connection& connection, const Ticket& ticket, bool again,
                                                         WallTime now) {
  HEARTH_TRY(count(connection));
  HEARTH_TRY(drop_old(connection, now));
  HEARTH_TRY_ASSIGN(Found found, find(connection, ticket.id));
  Idempotency::Standing standing;
  standing.verdict = judge(found.record, ticket.request, again, now, limits_.lifetime);
  if (standing.verdict == Verdict::replay) {
    auto answer = decode_answer(found.answer);
    if (answer && answer->tenant == ticket.tenant) {
      standing.answer = std::make_shared<const Answer>(std::move(*answer));
      return standing;
    }
    log::error("answers", "the answer to an idempotent request is damaged", {});
    standing.verdict = again ? Verdict::run : Verdict::answer_gone;
  }
  if (standing.verdict != Verdict::run) return standing;
  if (!found.record) {
    HEARTH_TRY(make_room(connection, ticket));
    ++records_;
  }
  bytes_ -= std::min<std::uint64_t>(bytes_, found.answer.size());
  HEARTH_TRY(connection.run(
      "INSERT INTO idempotency (id, tenant, request, state, made, answer) VALUES (?1, ?2, ?3, ?4, ?5, NULL) ON "
      "CONFLICT "
      "(id) DO UPDATE SET request = excluded.request, state = excluded.state, made = excluded.made, answer = NULL",
      Blob{ticket.id.view()}, ticket.tenant, Blob{ticket.request.view()},
      static_cast<std::int64_t>(RecordState::accepted), unix_seconds(now)));
  return standing;
}

Result<void> IdempotencyRecords::sent(Connection& connection, const Ticket& ticket) {
  HEARTH_TRY(set_state(connection, ticket, RecordState::sent));
  if (connection.changes() == 0) return fail(Errc::internal, "an idempotent request has lost its record");
  return {};
}

Result<void> IdempotencyRecords::commit(Connection& connection, const Ticket& ticket, const Answer* answer) {
  HEARTH_TRY(count(connection));
  const bool keep = answer != nullptr && answer->size() <= limits_.answer && answer->data_class != DataClass::secret;
  if (!keep) return set_state(connection, ticket, RecordState::committed);
  const std::string bytes = encode(*answer);
  HEARTH_TRY(connection.run("UPDATE idempotency SET state = ?2, answer = ?3 WHERE id = ?1", Blob{ticket.id.view()},
                            static_cast<std::int64_t>(RecordState::committed), Blob{bytes}));
  bytes_ += bytes.size();
  return shrink_answers(connection);
}

Result<void> IdempotencyRecords::shrink_answers(Connection& connection) {
  while (bytes_ > limits_.answers) {
    HEARTH_TRY(
        connection.run("UPDATE idempotency SET answer = NULL WHERE id IN (SELECT id FROM idempotency WHERE answer IS "
                       "NOT NULL ORDER BY "
                       "made, rowid LIMIT 16)"));
    if (connection.changes() == 0) return {};
    counted_ = false;
    HEARTH_TRY(count(connection));
  }
  return {};
}

Result<void> IdempotencyRecords::release(Connection& connection, const Ticket& ticket) {
  HEARTH_TRY(connection.run("DELETE FROM idempotency WHERE id = ?1 AND state <> ?2", Blob{ticket.id.view()},
                            static_cast<std::int64_t>(RecordState::committed)));
  counted_ = false;
  return {};
}

}  // namespace hearth::answers
