// SQLite, in the few ways Hearth uses it: one file, write-ahead log, and `synchronous=FULL`, so that what was committed
// survives a power cut.
//
// A Connection and its Statements belong to one thread at a time. Errors of SQLite become: corrupt (the file is damaged
// or no database), resource_exhausted (the disk is full), already_exists (a constraint), unavailable (another process
// holds the lock for longer than 5 s), failed_precondition (a read-only place), io_error; each with a sentence.
#pragma once

#include <hearth/core/error.h>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace hearth::store {

class Connection;

// Bytes to bind to a column of type BLOB: a plain string_view is bound as a text. Copied.
struct Blob {
  std::string_view bytes;
};

// A prepared statement. Must not outlive its Connection.
class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;
  ~Statement() = default;

  // Binds the parameters ?1, ?2, … in order. Text is copied.
  template <typename... Args>
  Result<void> bind(const Args&... args) {
    int index = 0;
    Result<void> result;
    (void)((result = bind_one(++index, args)).has_value() && ...);
    return result;
  }
  // The next row: true; at the end: false.
  Result<bool> step();
  // Columns of the current row, from 0.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  // A text or a blob, its bytes as they are.
  [[nodiscard]] std::string blob(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  // Ready to be bound and stepped again.
  void reset();

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  Statement(Connection& connection, sqlite3_stmt* statement) : connection_(&connection), statement_(statement) {}
  [[nodiscard]] std::string_view sql() const;
  Result<void> bind_one(int index, std::string_view value);
  Result<void> bind_one(int index, Blob value);
  Result<void> bind_one(int index, std::nullopt_t);
  Result<void> bind_integer(int index, std::int64_t value);
  template <std::integral T>
  Result<void> bind_one(int index, T value) {
    return bind_integer(index, static_cast<std::int64_t>(value));
  }
  template <typename T>
  Result<void> bind_one(int index, const std::optional<T>& value) {
    return value ? bind_one(index, *value) : bind_one(index, std::nullopt);
  }

  Connection* connection_;  // not owned
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Connection {
 public:
  // Opens or creates the file (mode 0600) and checks that it is sound. The folder must exist.
  static Result<Connection> open(const std::filesystem::path& path);
  // To read only, also while a hearthd writes. not_found; permission_denied: somebody else's file.
  static Result<Connection> open_read_only(const std::filesystem::path& path);

  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&&) noexcept = default;
  ~Connection() = default;

  Result<Statement> prepare(std::string_view sql);
  // One or several statements without parameters and without rows of interest.
  Result<void> execute(std::string_view sql);
  // One statement with parameters, to its end. It is kept for the next time.
  template <typename... Args>
  Result<void> run(std::string_view sql, const Args&... args) {
    HEARTH_TRY_ASSIGN(Kept statement, kept(sql));
    HEARTH_TRY(statement->bind(args...));
    HEARTH_TRY(statement->step());
    return {};
  }
  // A statement that is kept prepared: for what is done often. Goes back when the handle goes.
  class Kept {
   public:
    Kept(Kept&& other) noexcept : from_(std::exchange(other.from_, nullptr)), statement_(std::move(other.statement_)) {}
    Kept& operator=(Kept&&) = delete;
    Kept(const Kept&) = delete;
    Kept& operator=(const Kept&) = delete;
    ~Kept();
    Statement* operator->() noexcept { return &statement_; }

   private:
    friend class Connection;
    Kept(Connection& from, Statement statement) : from_(&from), statement_(std::move(statement)) {}
    Connection* from_;
    Statement statement_;
  };
  Result<Kept> kept(std::string_view sql);
  // Applies the migrations that the file has not seen, each in a transaction of its own; user_version counts them.
  // failed_precondition when the file has seen more than there are: a newer Hearth made it.
  Result<void> migrate(std::span<const std::string_view> migrations);
  // Rows that the last statement inserted, changed or deleted.
  [[nodiscard]] std::int64_t changes() const;
  // Is a transaction open? SQLite ends one by itself when the disk is full or broken.
  [[nodiscard]] bool in_transaction() const;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* db) const noexcept;
  };
  Connection(std::filesystem::path path, sqlite3* db) : path_(std::move(path)), db_(db) {}
  [[nodiscard]] Error error(int code, std::string_view doing) const;
  Result<void> configure();
  Result<void> check();

  void keep(Statement statement);

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> db_;
  // By their text, which is theirs. After db_: they go first.
  std::unordered_map<std::string_view, Statement> kept_;
};

}  // namespace hearth::store
