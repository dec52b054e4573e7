#include <hearth/store/store_thread.h>

#include <array>

namespace hearth::store {

std::span<const std::string_view> schema() {
  // Times are seconds since 1970. A key's text is never stored: `hash` is its SHA-256 in hex.
  static constexpr std::array<std::string_view, 2> kMigrations{
      "CREATE TABLE api_keys (id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, prefix TEXT NOT "
      "NULL, "
      "created INTEGER NOT NULL, last_used INTEGER) STRICT, WITHOUT ROWID",
      // Requests with an Idempotency-Key (docs/caching.md). `id`: of tenant and key; `request`: of what was asked;
      // `state`: accepted, sent, committed.
      "CREATE TABLE idempotency (id BLOB PRIMARY KEY, tenant TEXT NOT NULL, request BLOB NOT NULL, state INTEGER NOT "
      "NULL, made INTEGER NOT NULL, answer BLOB) STRICT; "
      "CREATE INDEX idempotency_tenant ON idempotency (tenant, made); "
      "CREATE INDEX idempotency_made ON idempotency (made)",
  };
  return kMigrations;
}

}  // namespace hearth::store
