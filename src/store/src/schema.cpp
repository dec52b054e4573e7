#include <hearth/store/store_thread.h>

#include <array>

namespace hearth::store {

std::span<const std::string_view> schema() {
  // Times are seconds since 1970. A key's text is never stored: `hash` is its SHA-256 in hex.
  static constexpr std::array<std::string_view, 2> kMigrations{
      "CREATE TABLE api_keys (id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, prefix TEXT NOT "
      "NULL, "
      "created INTEGER NOT NULL, last_used INTEGER) STRICT, WITHOUT ROWID",
      // The egress ledger (docs/egress.md): its records, the checkpoints that were kept, and where it stands.
      "CREATE TABLE egress_records (number INTEGER PRIMARY KEY, record TEXT NOT NULL) STRICT; "
      "CREATE TABLE egress_checkpoints (size INTEGER PRIMARY KEY, time INTEGER NOT NULL, handed_out INTEGER NOT NULL, "
      "range BLOB NOT NULL, note TEXT NOT NULL) STRICT; "
      "CREATE TABLE egress_head (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, last BLOB NOT NULL, "
      "frontier BLOB NOT NULL, fold INTEGER NOT NULL, kept INTEGER NOT NULL, kept_time INTEGER NOT NULL, since_kept "
      "BLOB NOT NULL, note TEXT "
      "NOT NULL) STRICT",
  };
  return kMigrations;
}

}  // namespace hearth::store
