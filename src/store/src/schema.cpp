#include <hearth/store/store_thread.h>

#include <array>

namespace hearth::store {

std::span<const std::string_view> schema() {
  // Times are seconds since 1970. A key's text is never stored: `hash` is its SHA-256 in hex.
  static constexpr std::array<std::string_view, 2> kMigrations{
      "CREATE TABLE api_keys (id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, prefix TEXT NOT "
      "NULL, "
      "created INTEGER NOT NULL, last_used INTEGER) STRICT, WITHOUT ROWID",
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
  };
  return kMigrations;
}

}  // namespace hearth::store
