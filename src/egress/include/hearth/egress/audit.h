// Is the egress ledger what the box wrote? Every record, the chain, the tree and every checkpoint that was kept are
// computed anew. Pure over rows, so it runs on the database of a living hearthd, on a dead one's, and on a copy.
//
// What it cannot see: docs/egress.md, "What it proves".
#pragma once

#include <hearth/core/error.h>
#include <hearth/egress/checkpoint.h>
#include <hearth/egress/record.h>
#include <hearth/store/database.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hearth::egress {

// The tables' rows as they are, nothing checked.
struct HeadRow {
  std::int64_t size = 0;
  std::string last;
  std::string frontier;
  std::int64_t fold = 0;
  std::int64_t kept = 0;
  std::int64_t kept_time = 0;
  std::string since_kept;
  std::string note;
};
struct CheckpointRow {
  std::int64_t size = 0;
  std::int64_t time = 0;
  bool handed_out = false;
  std::string range;
  std::string note;
};
struct RecordRow {
  std::int64_t number = 0;
  std::string record;
};

// Where the rows come from. Errors are its own.
class LedgerRows {
 public:
  virtual ~LedgerRows() = default;
  virtual Result<std::optional<HeadRow>> head() = 0;
  virtual Result<std::vector<CheckpointRow>> checkpoints() = 0;  // by size
  // The records by number, from the first; then one after another, nullopt at the end.
  virtual Result<void> rewind() = 0;
  virtual Result<std::optional<RecordRow>> next() = 0;
};

// All from one state of the database, whatever is written meanwhile; blocking. failed_precondition: there is no ledger
// in this database; what the store says.
class DatabaseRows final : public LedgerRows {
 public:
  static Result<DatabaseRows> open(store::Connection& db);
  Result<std::optional<HeadRow>> head() override;
  Result<std::vector<CheckpointRow>> checkpoints() override;
  Result<void> rewind() override;
  Result<std::optional<RecordRow>> next() override;

 private:
  explicit DatabaseRows(store::Connection& db) : db_(&db) {}
  store::Connection* db_;  // not owned; in a transaction until it is closed
  std::optional<store::Statement> records_;
};

struct Finding {
  enum class Kind {
    altered,      // a record is not what was signed
    removed,      // records are missing in the middle or at the beginning
    reordered,    // records stand in another order
    inserted,     // records are there that were not written in their place
    truncated,    // the end is missing, or all of it is an older copy
    checkpoint,   // a kept checkpoint, or what belongs to it, does not fit
    signature,    // something is not signed with the key
    head,         // the ledger's note of where it stands does not fit
    incomparable  // the given checkpoint is of a size that is not kept
  };
  Kind kind = Kind::altered;
  std::uint64_t number = 0;  // of the record, or a checkpoint's size
  std::string what;          // a sentence
};
std::string_view to_string(Finding::Kind kind) noexcept;

struct Audit {
  std::uint64_t first = 0;  // records before were folded
  std::uint64_t size = 0;   // records that there should be, with those
  std::uint64_t checkpoints = 0;
  std::uint64_t calls = 0;        // begun, among the records that are there
  std::uint64_t unfinished = 0;   // of them, never completed
  std::vector<Finding> findings;  // the first 100
  [[nodiscard]] bool sound() const noexcept { return findings.empty(); }
};

// `trusted`: a checkpoint that was taken elsewhere. Errors are those of `rows`.
Result<Audit> audit(LedgerRows& rows, const VerifyKey& key, const std::optional<SignedCheckpoint>& trusted = {});

}  // namespace hearth::egress
