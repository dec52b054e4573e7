#include <hearth/store/store_thread.h>

#include <array>

namespace hearth::store {

std::span<const std::string_view> schema() {
  // Times are seconds since 1970. A key's text is never stored: `hash` is its SHA-256 in hex.
  static constexpr std::array<std::string_view, 1> kMigrations{
      "CREATE TABLE api_keys (id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, prefix TEXT NOT "
      "NULL, "
      "created INTEGER NOT NULL, last_used INTEGER) STRICT, WITHOUT ROWID",
  };
  return kMigrations;
}

}  // namespace hearth::store
