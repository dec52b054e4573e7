#include <hearth/core/file.h>
#include <hearth/store/database.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>

namespace hearth::store {

namespace {

constexpr int kBusyMilliseconds = 5000;
constexpr std::size_t kKept = 64;  // statements

Errc kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::corrupt;
    case SQLITE_FULL:
      return Errc::resource_exhausted;
    case SQLITE_CONSTRAINT:
      return Errc::already_exists;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::unavailable;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Errc::failed_precondition;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_ERROR:
      return Errc::internal;
    default:
      return Errc::io_error;
  }
}

std::string_view advice(Errc kind) {
  switch (kind) {
    case Errc::corrupt:
      return "the file is damaged; restore it from a backup, or move it away and start anew";
    case Errc::resource_exhausted:
      return "the disk is full; free some space";
    case Errc::unavailable:
      return "another process has locked the file; try again";
    case Errc::failed_precondition:
      return "the file or its folder cannot be written; check owner, permissions and mount options";
    case Errc::io_error:
      return "reading or writing the disk failed; check it and the free space";
    default:
      return "the store refused it";
  }
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

Result<void> Statement::bind_one(int index, std::string_view value) {
  // An empty view may have no address, which SQLite would take for NULL.
  const char* data = value.data() != nullptr ? value.data() : "";
  const int code = sqlite3_bind_text64(statement_.get(), index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) return fail(connection_->error(code, "binding a text"));
  return {};
}

Result<void> Statement::bind_one(int index, Blob value) {
  const char* data = value.bytes.data() != nullptr ? value.bytes.data() : "";
  const int code = sqlite3_bind_blob64(statement_.get(), index, data, value.bytes.size(), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) return fail(connection_->error(code, "binding a blob"));
  return {};
}

Result<void> Statement::bind_integer(int index, std::int64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), index, value);
  if (code != SQLITE_OK) return fail(connection_->error(code, "binding a number"));
  return {};
}

Result<void> Statement::bind_one(int index, std::nullopt_t) {
  const int code = sqlite3_bind_null(statement_.get(), index);
  if (code != SQLITE_OK) return fail(connection_->error(code, "binding nothing"));
  return {};
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Error error = connection_->error(code, sqlite3_sql(statement_.get()));
  sqlite3_reset(statement_.get());  // or the failed statement would hold its locks
  return fail(std::move(error));
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string() : std::string(data, static_cast<std::size_t>(size));
}

std::string Statement::blob(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string() : std::string(data, static_cast<std::size_t>(size));
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::string_view Statement::sql() const {
  return sqlite3_sql(statement_.get());
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

void Connection::Close::operator()(sqlite3* db) const noexcept {
  sqlite3_close_v2(db);
}

Result<Connection> Connection::open(const std::filesystem::path& path) {
  {
    // Created here for its mode: the log and index files beside it take it over.
    const Fd created(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!created) {
      const int err = errno;
      if (err == EROFS || err == EACCES || err == EPERM)
        return fail(Errc::failed_precondition, fmt::format("{}: {}", path.string(), advice(Errc::failed_precondition)));
      return fail_errno(err, fmt::format("cannot open {}", path.string()));
    }
  }
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Connection connection(path, raw);
  if (code != SQLITE_OK) return fail(connection.error(code, "opening"));
  HEARTH_TRY(connection.configure());
  HEARTH_TRY(connection.check());
  return connection;
}

Result<Connection> Connection::open_read_only(const std::filesystem::path& path) {
  {
    const Fd readable(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!readable) {
      const int err = errno;
      if (err == ENOENT) return fail(Errc::not_found, fmt::format("there is no database {}", path.string()));
      if (err == EACCES || err == EPERM)
        return fail(Errc::permission_denied,
                    fmt::format("{} may be read by the user that hearthd runs as, and by root", path.string()));
      return fail_errno(err, fmt::format("cannot open {}", path.string()));
    }
  }
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Connection connection(path, raw);
  if (code != SQLITE_OK) return fail(connection.error(code, "opening"));
  sqlite3_busy_timeout(connection.db_.get(), kBusyMilliseconds);
  sqlite3_db_config(connection.db_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return connection;
}

Result<void> Connection::configure() {
  sqlite3_busy_timeout(db_.get(), kBusyMilliseconds);
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  HEARTH_TRY_ASSIGN(Statement wal, prepare("PRAGMA journal_mode=WAL"));
  HEARTH_TRY_ASSIGN(const bool row, wal.step());
  if (!row || wal.text(0) != "wal")
    return fail(Errc::failed_precondition,
                fmt::format("{}: the file system cannot hold a write-ahead log; put the data folder on a local disk",
                            path_.string()));
  return execute("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON");
}

Result<void> Connection::check() {
  HEARTH_TRY_ASSIGN(Statement check, prepare("PRAGMA quick_check(1)"));
  HEARTH_TRY_ASSIGN(const bool row, check.step());
  if (!row || check.text(0) != "ok")
    return fail(Errc::corrupt,
                fmt::format("{}: {} ({})", path_.string(), advice(Errc::corrupt), row ? check.text(0) : "no answer"));
  return {};
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  Statement statement(*this, raw);
  if (code != SQLITE_OK) return fail(error(code, sql));
  return statement;
}

Result<Connection::Kept> Connection::kept(std::string_view sql) {
  if (const auto found = kept_.find(sql); found != kept_.end()) {
    Statement statement = std::move(found->second);
    kept_.erase(found);
    statement.connection_ = this;
    return Kept(*this, std::move(statement));
  }
  HEARTH_TRY_ASSIGN(Statement statement, prepare(sql));
  return Kept(*this, std::move(statement));
}

void Connection::keep(Statement statement) {
  statement.reset();
  if (kept_.size() >= kKept) return;
  const std::string_view sql = statement.sql();
  kept_.emplace(sql, std::move(statement));
}

Connection::Kept::~Kept() {
  if (from_ != nullptr) from_->keep(std::move(statement_));
}

Result<void> Connection::execute(std::string_view sql) {
  const int code = sqlite3_exec(db_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(error(code, sql));
  return {};
}

Result<void> Connection::migrate(std::span<const std::string_view> migrations) {
  std::int64_t version = 0;
  {
    HEARTH_TRY_ASSIGN(Statement query, prepare("PRAGMA user_version"));
    HEARTH_TRY_ASSIGN(const bool row, query.step());
    if (row) version = query.integer(0);
  }
  const auto known = static_cast<std::int64_t>(migrations.size());
  if (version < 0 || version > known)
    return fail(Errc::failed_precondition,
                fmt::format("{} was written by a newer Hearth (its schema is {}, this one knows {}); update Hearth",
                            path_.string(), version, known));
  for (std::int64_t i = version; i < known; ++i) {
    const auto done = execute(fmt::format("BEGIN IMMEDIATE; {}; PRAGMA user_version={}; COMMIT",
                                          migrations[static_cast<std::size_t>(i)], i + 1));
    if (done) continue;
    if (in_transaction()) (void)execute("ROLLBACK");
    return fail(done.error().wrap(fmt::format("the schema could not be brought to version {}", i + 1)));
  }
  return {};
}

std::int64_t Connection::changes() const {
  return sqlite3_changes64(db_.get());
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(db_.get()) == 0;
}

Error Connection::error(int code, std::string_view doing) const {
  const Errc kind = kind_of(code);
  const char* detail = db_ != nullptr ? sqlite3_errmsg(db_.get()) : sqlite3_errstr(code);
  return Error(kind, fmt::format("{}: {} ({}, while {})", path_.string(), advice(kind), detail, doing.substr(0, 60)));
}

}  // namespace hearth::store
