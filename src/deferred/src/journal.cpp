#include "journal.h"

#include <fmt/format.h>

namespace hearth::deferred::journal {
namespace {

using store::Connection;
using store::Statement;

std::int64_t to_millis(WallTime t) {
  return std::chrono::duration_cast<Millis>(t.time_since_epoch()).count();
}

WallTime from_millis(std::int64_t millis) {
  return WallTime(Millis(millis));
}

// One "Name: value" a line: neither holds a line's end, or no header could have carried it.
std::string encode(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) text += fmt::format("{}: {}\n", name, value);
  return text;
}

Fields decode_fields(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos) fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return fields;
}

// A content's three columns.
std::optional<std::string> text_of(const Content& content) {
  return content.file.empty() ? std::optional(content.text) : std::nullopt;
}
std::optional<std::string> file_of(const Content& content) {
  return content.file.empty() ? std::nullopt : std::optional(content.file);
}
Content content_at(const Statement& row, int column) {
  return {row.text(column), row.text(column + 1), static_cast<std::uint64_t>(row.integer(column + 2))};
}

Error gone(std::string_view id) {
  return {Errc::not_found, fmt::format("there is no deferred call {}", id.substr(0, 100))};
}

Result<Statement> row_of(Connection& connection, std::string_view sql, std::string_view id) {
  HEARTH_TRY_ASSIGN(Statement row, connection.prepare(sql));
  HEARTH_TRY(row.bind(id));
  HEARTH_TRY_ASSIGN(const bool there, row.step());
  if (!there) return fail(gone(id));
  return row;
}

Job job_at(const Statement& row) {
  Job job;
  job.id = row.text(0);
  job.owner = {row.text(1), row.text(2)};
  job.target = row.text(3);
  job.progress.status = parse_status(row.text(4)).value_or(Status::failed);
  job.progress.attempts = static_cast<std::uint32_t>(row.integer(5));
  job.progress.answers = static_cast<std::uint32_t>(row.integer(6));
  job.created = from_millis(row.integer(7));
  job.not_before = from_millis(row.integer(8));
  job.deadline = from_millis(row.integer(9));
  if (!row.is_null(10)) job.ended = from_millis(row.integer(10));
  job.note = row.text(11);
  job.webhook = row.text(12);
  job.answer_status = static_cast<int>(row.integer(13));
  job.bytes = static_cast<std::uint64_t>(row.integer(14) + row.integer(15));
  return job;
}

Result<void> load_calls(Connection& connection, Everything& everything) {
  HEARTH_TRY_ASSIGN(Statement rows,
                    connection.prepare("SELECT id, owner, owner_name, target, status, attempts, answers, created, "
                                       "not_before, deadline, ended, note, webhook, answer_status, body_bytes, "
                                       "answer_bytes, body_file, answer_file FROM deferred_calls"));
  for (;;) {
    HEARTH_TRY_ASSIGN(const bool row, rows.step());
    if (!row) return {};
    everything.jobs.push_back(job_at(rows));
    for (const int column : {16, 17})
      if (!rows.is_null(column)) everything.files.insert(rows.text(column));
  }
}

Result<void> load_deliveries(Connection& connection, Everything& everything) {
  HEARTH_TRY_ASSIGN(
      Statement rows,
      connection.prepare("SELECT id, call, owner, url, body, status, attempts, due FROM deferred_webhooks"));
  for (;;) {
    HEARTH_TRY_ASSIGN(const bool row, rows.step());
    if (!row) return {};
    Delivery delivery{rows.text(0), rows.text(1), rows.text(2), rows.text(3), rows.text(4), {}};
    delivery.progress = {parse_delivery_status(rows.text(5)).value_or(DeliveryStatus::given_up),
                         static_cast<std::uint32_t>(rows.integer(6)), from_millis(rows.integer(7))};
    everything.deliveries.push_back(std::move(delivery));
  }
}

}  // namespace

Result<void> insert(Connection& connection, const Job& job, const NewCall& call, std::string_view fingerprint) {
  const std::optional<std::string> key = call.client_key.empty() ? std::nullopt : std::optional(call.client_key);
  const Content& body = call.request.body;
  return connection.run(
      "INSERT INTO deferred_calls (id, owner, owner_name, client_key, fingerprint, target, headers, body, body_file, "
      "body_bytes, created, not_before, deadline, status, attempts, answers, note, webhook, answer_status, "
      "answer_bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, '', ?17, 0, 0)",
      job.id, job.owner.id, job.owner.name, key, fingerprint, job.target, encode(call.request.headers), text_of(body),
      file_of(body), body.bytes, to_millis(job.created), to_millis(job.not_before), to_millis(job.deadline),
      to_string(job.progress.status), job.progress.attempts, job.progress.answers, job.webhook);
}

Result<std::optional<Earlier>> find_by_client_key(Connection& connection, std::string_view owner,
                                                  std::string_view key) {
  HEARTH_TRY_ASSIGN(Statement row, connection.prepare("SELECT id, fingerprint FROM deferred_calls WHERE owner = ?1 "
                                                      "AND client_key = ?2"));
  HEARTH_TRY(row.bind(owner, key));
  HEARTH_TRY_ASSIGN(const bool there, row.step());
  if (!there) return std::nullopt;
  return Earlier{row.text(0), row.text(1)};
}

Result<Progress> progress_of(Connection& connection, std::string_view id) {
  HEARTH_TRY_ASSIGN(const Statement row,
                    row_of(connection, "SELECT status, attempts, answers FROM deferred_calls WHERE id = ?1", id));
  return Progress{parse_status(row.text(0)).value_or(Status::failed), static_cast<std::uint32_t>(row.integer(1)),
                  static_cast<std::uint32_t>(row.integer(2))};
}

Result<void> update_progress(Connection& connection, std::string_view id, const Progress& progress) {
  return connection.run("UPDATE deferred_calls SET status = ?2, attempts = ?3, answers = ?4 WHERE id = ?1", id,
                        to_string(progress.status), progress.attempts, progress.answers);
}

Result<void> end(Connection& connection, const Job& job, const std::optional<Answer>& answer) {
  HEARTH_TRY(update_progress(connection, job.id, job.progress));
  HEARTH_TRY(
      connection.run("UPDATE deferred_calls SET ended = ?2, note = ?3, headers = '', body = NULL, "
                     "body_file = NULL, body_bytes = 0 WHERE id = ?1",
                     job.id, to_millis(job.ended.value_or(job.created)), job.note));
  if (!answer) return {};
  return connection.run(
      "UPDATE deferred_calls SET answer_status = ?2, answer_headers = ?3, answer_body = ?4, answer_file = ?5, "
      "answer_bytes = ?6 WHERE id = ?1",
      job.id, answer->status, encode(answer->headers), text_of(answer->body), file_of(answer->body),
      answer->body.bytes);
}

Result<void> remove(Connection& connection, std::string_view id) {
  // A message that is on its way has a life of its own.
  HEARTH_TRY(connection.run("DELETE FROM deferred_webhooks WHERE call = ?1 AND status != ?2", id,
                            to_string(DeliveryStatus::pending)));
  return connection.run("DELETE FROM deferred_calls WHERE id = ?1", id);
}

Result<Request> request_of(Connection& connection, std::string_view id) {
  HEARTH_TRY_ASSIGN(
      const Statement row,
      row_of(connection, "SELECT target, headers, body, body_file, body_bytes FROM deferred_calls WHERE id = ?1", id));
  return Request{row.text(0), decode_fields(row.text(1)), content_at(row, 2)};
}

Result<Answer> answer_of(Connection& connection, std::string_view id) {
  HEARTH_TRY_ASSIGN(const Statement row,
                    row_of(connection,
                           "SELECT answer_status, answer_headers, answer_body, answer_file, answer_bytes "
                           "FROM deferred_calls WHERE id = ?1 AND answer_status != 0",
                           id));
  return Answer{static_cast<int>(row.integer(0)), decode_fields(row.text(1)), content_at(row, 2)};
}

Result<void> insert_delivery(Connection& connection, const Delivery& delivery) {
  return connection.run(
      "INSERT INTO deferred_webhooks (id, call, owner, url, body, status, attempts, due) VALUES (?1, ?2, ?3, ?4, ?5, "
      "?6, ?7, ?8)",
      delivery.id, delivery.call, delivery.owner, delivery.url, delivery.body, to_string(delivery.progress.status),
      delivery.progress.attempts, to_millis(delivery.progress.due));
}

Result<void> update_delivery(Connection& connection, std::string_view id, const DeliveryProgress& progress) {
  HEARTH_TRY(connection.run("UPDATE deferred_webhooks SET status = ?2, attempts = ?3, due = ?4 WHERE id = ?1", id,
                            to_string(progress.status), progress.attempts, to_millis(progress.due)));
  // Its call may have been removed meanwhile.
  return connection.run(
      "DELETE FROM deferred_webhooks WHERE id = ?1 AND status != ?2 AND call NOT IN (SELECT id FROM "
      "deferred_calls)",
      id, to_string(DeliveryStatus::pending));
}

Result<Everything> load(Connection& connection) {
  Everything everything;
  HEARTH_TRY(load_calls(connection, everything));
  HEARTH_TRY(load_deliveries(connection, everything));
  return everything;
}

}  // namespace hearth::deferred::journal
