// Retention: the oldest records are replaced by what they add up to.
//
// Records go in parts that end where a checkpoint was kept; that checkpoint and those before it keep the hashes that
// lead from one to the next, so the tree's beginning can still be verified without its leaves. The sums are a record of
// the ledger themselves, and so are signed with it.
#pragma once

#include "src/ledger_head.h"

#include <chrono>

namespace hearth::egress {

struct FoldRule {
  std::int64_t before_ms = 0;  // checkpoints up to this time are old
  std::uint64_t keep_records = 0;
};

// One part, if there is one to fold: true. Appends to `head`, which is not yet written. corrupt, what the store says.
Result<bool> fold_part(store::Connection& db, LedgerHead& head, const FoldRule& rule, WallTime now);

// `rest` onto `sums`, within a bound: what is too much goes into rows that name no destination or rule.
void add_sum(std::vector<Fold::Sum>& sums, const Fold::Sum& sum);

}  // namespace hearth::egress
