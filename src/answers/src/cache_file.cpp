#include "cache_file.h"

#include <hearth/core/log.h>

#include <array>
#include <cstring>

namespace hearth::answers {
namespace {

namespace fs = std::filesystem;
using store::Connection;
using store::Statement;

// `used` orders what goes first: seconds since 1970 when it was made or last read from here.
constexpr std::array<std::string_view, 1> kMigrations{
    "CREATE TABLE answers (key BLOB PRIMARY KEY, made INTEGER NOT NULL, used INTEGER NOT NULL, bytes INTEGER NOT NULL, "
    "answer BLOB NOT NULL) STRICT; CREATE INDEX answers_used ON answers (used)"};

std::uint64_t word_of(std::string_view key) {
  std::uint64_t word = 0;
  std::memcpy(&word, key.data(), std::min(key.size(), sizeof(word)));
  return word;
}

// The file and SQLite's two beside it.
std::array<fs::path, 3> files_of(const fs::path& path) {
  return {path, path.string() + "-wal", path.string() + "-shm"};
}

// So that whoever wants to know what was wrong can; one such file at most.
void set_aside(const fs::path& path) {
  const fs::path aside = path.string() + ".damaged";
  std::error_code ec;
  fs::rename(path, aside, ec);
  [[maybe_unused]] const auto removed = CacheFile::remove(path);
}

}  // namespace

Result<void> CacheFile::remove(const fs::path& path) {
  for (const fs::path& file : files_of(path)) {
    std::error_code ec;
    fs::remove(file, ec);
    if (ec) return fail(Errc::io_error, "cannot remove " + file.string() + ": " + ec.message());
  }
  return {};
}

Result<CacheFile> CacheFile::open(fs::path path, Limits limits, WallTime now) {
  auto opened = open_sound(path, limits, now);
  if (opened) return opened;
  const bool damaged = opened.error().is(Errc::corrupt);
  const bool newer = opened.error().is(Errc::failed_precondition) && fs::is_regular_file(path);
  if (!damaged && !newer) return opened;
  log::warn("answers", "the cache's file cannot be used; it is set aside and made anew",
            {{"error", opened.error().describe()}});
  set_aside(path);
  return open_sound(path, limits, now);
}

Result<CacheFile> CacheFile::open_sound(const fs::path& path, Limits limits, WallTime now) {
  HEARTH_TRY_ASSIGN(Connection connection, Connection::open(path));
  HEARTH_TRY(
      connection.execute("PRAGMA synchronous=NORMAL; PRAGMA secure_delete=FAST; PRAGMA journal_size_limit=4194304"));
  HEARTH_TRY(connection.migrate(kMigrations));
  CacheFile file(std::move(connection), limits);
  HEARTH_TRY(file.drop_old(now));
  HEARTH_TRY(file.measure());
  HEARTH_TRY(file.shrink());
  return file;
}

Result<void> CacheFile::measure() {
  HEARTH_TRY_ASSIGN(Statement sum, connection_.prepare("SELECT count(*), coalesce(sum(bytes), 0) FROM answers"));
  HEARTH_TRY(sum.step());
  entries_ = static_cast<std::uint64_t>(sum.integer(0));
  bytes_ = static_cast<std::uint64_t>(sum.integer(1));
  return {};
}

Result<void> CacheFile::drop_old(WallTime now) {
  const std::int64_t seconds = unix_seconds(now);
  return connection_.run("DELETE FROM answers WHERE made <= ?1 OR made > ?2", seconds - limits_.lifetime.count(),
                         seconds);
}

Result<std::vector<std::uint64_t>> CacheFile::keys() {
  HEARTH_TRY_ASSIGN(Statement rows, connection_.prepare("SELECT key FROM answers"));
  std::vector<std::uint64_t> keys;
  for (;;) {
    HEARTH_TRY_ASSIGN(const bool row, rows.step());
    if (!row) return keys;
    keys.push_back(word_of(rows.blob(0)));
  }
}

Result<AnswerPtr> CacheFile::find(const Digest& key, WallTime now) {
  const store::Blob blob{key.view()};
  std::string bytes;
  {
    HEARTH_TRY_ASSIGN(Connection::Kept row, connection_.kept("SELECT answer FROM answers WHERE key = ?1"));
    HEARTH_TRY(row->bind(blob));
    HEARTH_TRY_ASSIGN(const bool found, row->step());
    if (!found) return nullptr;
    bytes = row->blob(0);
  }
  auto answer = decode_answer(bytes);
  if (!answer) {
    log::warn("answers", "a cached answer is damaged and dropped", {});
    HEARTH_TRY(connection_.run("DELETE FROM answers WHERE key = ?1", blob));
    HEARTH_TRY(measure());
    return nullptr;
  }
  HEARTH_TRY(connection_.run("UPDATE answers SET used = ?2 WHERE key = ?1", blob, unix_seconds(now)));
  return std::make_shared<const Answer>(std::move(*answer));
}

Result<std::vector<std::uint64_t>> CacheFile::put(std::span<const Entry> entries) {
  if (const auto kept = put_all(entries); !kept) {
    if (connection_.in_transaction()) (void)connection_.run("ROLLBACK");
    (void)measure();
    return fail(kept.error());
  }
  return shrink();
}

Result<void> CacheFile::put_all(std::span<const Entry> entries) {
  HEARTH_TRY(connection_.run("BEGIN IMMEDIATE"));
  for (const Entry& entry : entries) {
    HEARTH_TRY(put_one(entry.key, *entry.answer));
  }
  return connection_.run("COMMIT");
}

Result<void> CacheFile::put_one(const Digest& key, const Answer& answer) {
  const std::string bytes = encode(answer);
  const std::int64_t made = unix_seconds(answer.made);
  const store::Blob blob{key.view()};
  HEARTH_TRY(
      connection_.run("INSERT INTO answers (key, made, used, bytes, answer) VALUES (?1, ?2, ?2, ?3, ?4) ON CONFLICT "
                      "(key) DO NOTHING",
                      blob, made, bytes.size(), store::Blob{bytes}));
  bytes_ += bytes.size();
  if (connection_.changes() == 1) {
    ++entries_;
    return {};
  }
  {
    HEARTH_TRY_ASSIGN(Connection::Kept old, connection_.kept("SELECT bytes FROM answers WHERE key = ?1"));
    HEARTH_TRY(old->bind(blob));
    HEARTH_TRY(old->step());
    bytes_ -= std::min(bytes_, static_cast<std::uint64_t>(old->integer(0)));
  }
  return connection_.run("UPDATE answers SET made = ?2, used = ?2, bytes = ?3, answer = ?4 WHERE key = ?1", blob, made,
                         bytes.size(), store::Blob{bytes});
}

Result<std::vector<std::uint64_t>> CacheFile::shrink() {
  std::vector<std::uint64_t> gone;
  if (bytes_ <= limits_.bytes && entries_ <= limits_.entries) return gone;
  // A little below the limit, so that not every answer from now on has to drive out another.
  const std::uint64_t bytes = limits_.bytes - limits_.bytes / 16;
  const std::uint64_t entries = limits_.entries - limits_.entries / 16;
  std::vector<std::int64_t> rows;
  {
    HEARTH_TRY_ASSIGN(Statement oldest,
                      connection_.prepare("SELECT rowid, key, bytes FROM answers ORDER BY used, rowid"));
    while (bytes_ > bytes || entries_ > entries) {
      HEARTH_TRY_ASSIGN(const bool row, oldest.step());
      if (!row) break;
      rows.push_back(oldest.integer(0));
      gone.push_back(word_of(oldest.blob(1)));
      bytes_ -= std::min(bytes_, static_cast<std::uint64_t>(oldest.integer(2)));
      --entries_;
    }
  }
  const auto dropped = drop(rows);
  if (dropped) return gone;
  if (connection_.in_transaction()) (void)connection_.run("ROLLBACK");
  HEARTH_TRY(measure());
  return fail(dropped.error());
}

Result<void> CacheFile::drop(const std::vector<std::int64_t>& rows) {
  HEARTH_TRY(connection_.run("BEGIN IMMEDIATE"));
  for (const std::int64_t row : rows) {
    HEARTH_TRY(connection_.run("DELETE FROM answers WHERE rowid = ?1", row));
  }
  return connection_.run("COMMIT");
}

}  // namespace hearth::answers
