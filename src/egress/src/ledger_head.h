// Where the ledger stands, as the database has it: read, appended to and written back within one transaction.
#pragma once

#include <hearth/egress/checkpoint.h>
#include <hearth/egress/record.h>
#include <hearth/store/database.h>

#include <optional>
#include <string>
#include <string_view>

namespace hearth::egress {

inline constexpr std::int64_t kNoFold = -1;

struct LedgerHead {
  CompactRange frontier;        // of all records
  Hash last{};                  // leaf hash of the last record; zeros: there is none
  std::int64_t fold = kNoFold;  // number of the newest Fold
  std::uint64_t kept = 0;       // size of the newest kept checkpoint
  std::int64_t kept_time = 0;   // when, in milliseconds since 1970
  CompactRange since_kept;      // records after it
  std::string note;             // the signed checkpoint of this size

  [[nodiscard]] std::uint64_t size() const noexcept { return frontier.end(); }
};

enum class HandedOut { no, yes };

// nullopt: there is no ledger yet. corrupt: its parts contradict each other; what the store says.
Result<std::optional<LedgerHead>> read_head(store::Connection& db);
Result<void> write_head(store::Connection& db, const LedgerHead& head);

// Adds records to `head` and to the table; the head is not yet written.
class Appender {
 public:
  static Result<Appender> create(store::Connection& db, LedgerHead& head);
  // `entry`: what encode() gave. Returns the record's number.
  Result<std::uint64_t> append(std::string_view entry);

 private:
  Appender(LedgerHead& head, store::Connection::Kept insert) : head_(&head), insert_(std::move(insert)) {}
  LedgerHead* head_;
  store::Connection::Kept insert_;
};

// Keeps the present state for good. `head.note` is its signed checkpoint.
Result<void> keep_checkpoint(store::Connection& db, LedgerHead& head, std::int64_t now_ms, HandedOut handed_out);

}  // namespace hearth::egress
