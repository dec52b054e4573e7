// The egress ledger: what left the box, on whose behalf, how confidential it was, where to and by which rule. Each call
// is recorded before its first byte and completed after its last.
//
// Records are chained by their hashes and are the leaves of a Merkle tree. Whenever some are committed, the tree's size
// and root are signed in the same transaction (checkpoint.h), so nothing that is on the disk is without a signature;
// some of these checkpoints are kept for good, so that what was noted elsewhere can be compared later. What the ledger
// proves and what not: docs/egress.md; audit.h verifies and reports.
//
// The truth is in the database: before each group of records the ledger reads where it stands, and refuses to sign
// (corrupt) when that is not what it left there. It then takes no further record, so nothing may leave.
#pragma once

#include <hearth/core/clock.h>
#include <hearth/core/error.h>
#include <hearth/egress/checkpoint.h>
#include <hearth/egress/record.h>
#include <hearth/store/store_thread.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace hearth::egress {

struct LedgerOptions {
  std::chrono::milliseconds keep = std::chrono::hours(24 * 90);       // records older than this are folded into sums,
  std::uint64_t keep_records = 1'000'000;                             // and so are the oldest when there are more
  std::uint64_t checkpoint_records = 1024;                            // a checkpoint is kept after so many records,
  std::chrono::milliseconds checkpoint_time = std::chrono::hours(1);  // or with the first one after so long
  std::function<WallTime()> clock = wall_now;
};

class Ledger {
 public:
  struct CallState;
  // A call that was begun, to complete it with.
  using Call = std::shared_ptr<CallState>;
  using Begun = std::move_only_function<void(Result<Call>)>;

  // Makes the key (mode 0600) and the ledger's beginning if there are none, checks that what is there was signed with
  // that key, and keeps a checkpoint. Blocking. `store` must outlive this object. corrupt: what the database holds is
  // not what this box has signed; failed_precondition: the key's file is missing; what the store says.
  static Result<std::unique_ptr<Ledger>> open(store::StoreThread& store, const std::filesystem::path& key_file,
                                              LedgerOptions options);
  // Queues what waits and a last checkpoint with the store.
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // All of these: any thread, never blocking.

  // `done` is called once, on the store thread, when the record is on the disk: only then may the first byte go. Or at
  // once on the caller's thread with invalid_argument (encode()) or resource_exhausted (too many wait); corrupt, and
  // what the store says.
  void begin(const Begin& record, Begun done);
  // For calls within the LAN that must not wait for a disk: the record is queued when this returns and on the disk with
  // the next commit, or one after it where that fails; a crash before may lose it. Errors as begin()'s that come at
  // once.
  Result<Call> begin_in_background(const Begin& record);
  // Queued like that. A call that is never completed is shown as unfinished.
  void complete(const Call& call, Complete record);

  // A checkpoint to take elsewhere: `done` gets the signed note, on the store thread, when it is kept for good.
  void checkpoint(std::move_only_function<void(Result<std::string>)> done);
  // Folds what is older than `keep`, a bounded part after another. For every hour or so.
  void maintain();

  [[nodiscard]] const VerifyKey& key() const noexcept;
  // Records that wait for the disk, and completions that were dropped because too many did.
  struct Counts {
    std::uint64_t waiting = 0;
    std::uint64_t dropped = 0;
  };
  [[nodiscard]] Counts counts() const;

 private:
  struct Impl;
  explicit Ledger(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with work that is queued
};

}  // namespace hearth::egress
