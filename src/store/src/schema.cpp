#include <hearth/store/store_thread.h>

#include <array>

namespace hearth::store {

std::span<const std::string_view> schema() {
  // Times are seconds since 1970. A key's text is never stored: `hash` is its SHA-256 in hex.
  static constexpr std::array<std::string_view, 6> kMigrations{
      "CREATE TABLE api_keys (id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, prefix TEXT NOT "
      "NULL, "
      "created INTEGER NOT NULL, last_used INTEGER) STRICT, WITHOUT ROWID",
      // Here times are milliseconds. A body is in one of two columns: itself, or the name of its file.
      "CREATE TABLE deferred_calls (id TEXT PRIMARY KEY, owner TEXT NOT NULL, owner_name TEXT NOT NULL, client_key "
      "TEXT, fingerprint TEXT NOT NULL, target TEXT NOT NULL, headers TEXT NOT NULL, body TEXT, body_file TEXT, "
      "body_bytes INTEGER NOT NULL, created INTEGER NOT NULL, not_before INTEGER NOT NULL, deadline INTEGER NOT NULL, "
      "status TEXT NOT NULL, attempts INTEGER NOT NULL, broken INTEGER NOT NULL, reruns INTEGER NOT NULL, ended "
      "INTEGER, note TEXT NOT NULL, "
      "webhook TEXT NOT NULL, answer_status INTEGER NOT NULL, answer_headers TEXT, answer_body TEXT, answer_file "
      "TEXT, answer_bytes INTEGER NOT NULL) STRICT;"
      "CREATE UNIQUE INDEX deferred_calls_client_key ON deferred_calls (owner, client_key) WHERE client_key IS NOT "
      "NULL;"
      "CREATE TABLE deferred_webhooks (id TEXT PRIMARY KEY, call TEXT NOT NULL, owner TEXT NOT NULL, url TEXT NOT "
      "NULL, body TEXT NOT NULL, status TEXT NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL) STRICT",
      // Requests with an Idempotency-Key (docs/caching.md). `id`: of tenant and key; `request`: of what was asked;
      // `state`: accepted, sent, committed.
      "CREATE TABLE idempotency (id BLOB PRIMARY KEY, tenant TEXT NOT NULL, request BLOB NOT NULL, state INTEGER NOT "
      "NULL, made INTEGER NOT NULL, answer BLOB) STRICT; "
      "CREATE INDEX idempotency_tenant ON idempotency (tenant, made); "
      "CREATE INDEX idempotency_made ON idempotency (made)",
      // The egress ledger (docs/egress.md): its records, the checkpoints that were kept, and where it stands.
      "CREATE TABLE egress_records (number INTEGER PRIMARY KEY, record TEXT NOT NULL) STRICT; "
      "CREATE TABLE egress_checkpoints (size INTEGER PRIMARY KEY, time INTEGER NOT NULL, handed_out INTEGER NOT NULL, "
      "range BLOB NOT NULL, note TEXT NOT NULL) STRICT; "
      "CREATE TABLE egress_head (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, last BLOB NOT NULL, "
      "frontier BLOB NOT NULL, fold INTEGER NOT NULL, kept INTEGER NOT NULL, kept_time INTEGER NOT NULL, since_kept "
      "BLOB NOT NULL, note TEXT "
      "NOT NULL) STRICT",
      // What calls took, by day (days since 1970 by the box's own calendar), and what is held for calls under way.
      // Money is in billionths of the currency. `charged`: it was open when the box went down, and counts as spent.
      "CREATE TABLE spend_days (day INTEGER NOT NULL, key TEXT NOT NULL, key_name TEXT NOT NULL, agent TEXT NOT NULL, "
      "upstream TEXT NOT NULL, model TEXT NOT NULL, currency TEXT NOT NULL, metered INTEGER NOT NULL, "
      "calls INTEGER NOT NULL, unpriced INTEGER NOT NULL, input INTEGER NOT NULL, cached INTEGER NOT NULL, "
      "cache_write INTEGER NOT NULL, cache_write_long INTEGER NOT NULL, output INTEGER NOT NULL, "
      "nano INTEGER NOT NULL, unsettled_nano INTEGER NOT NULL, unsettled_tokens INTEGER NOT NULL, "
      "PRIMARY KEY (day, key, agent, upstream, model, currency, metered)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE spend_held (id INTEGER PRIMARY KEY, block INTEGER NOT NULL, charged INTEGER NOT NULL, "
      "at INTEGER NOT NULL, day INTEGER NOT NULL, key TEXT NOT NULL, key_name TEXT NOT NULL, agent TEXT NOT NULL, "
      "upstream TEXT NOT NULL, model TEXT NOT NULL, currency TEXT NOT NULL, nano INTEGER NOT NULL, "
      "tokens INTEGER NOT NULL) STRICT",
      // What class the data are of that are sent with a key; NULL: nobody said.
      "ALTER TABLE api_keys ADD COLUMN data_class TEXT",
  };
  return kMigrations;
}

}  // namespace hearth::store
