#include "src/bytes.h"
#include "src/ledger_head.h"

#include <hearth/egress/audit.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

namespace hearth::egress {
namespace {

using Kind = Finding::Kind;

constexpr std::size_t kMaxFindings = 100;
constexpr std::array<std::string_view, 9> kKinds{"altered",    "removed",   "reordered", "inserted",    "truncated",
                                                 "checkpoint", "signature", "head",      "incomparable"};

struct KeptCheckpoint {
  std::uint64_t size = 0;
  std::optional<Hash> root;  // not set: its signature does not fit
  std::string range;
};

// A record that does not follow on the one before it.
struct BrokenLink {
  std::uint64_t at = 0;
  Hash previous{};
  std::optional<std::uint64_t> follows{};  // the record that it was written after
};

class Auditor {
 public:
  Auditor(LedgerRows& rows, const VerifyKey& key, const std::optional<SignedCheckpoint>& trusted)
      : rows_(rows), key_(key), trusted_(trusted) {}

  Result<Audit> run() {
    HEARTH_TRY_ASSIGN(head_, rows_.head());
    HEARTH_TRY_ASSIGN(const std::vector<CheckpointRow> checkpoints, rows_.checkpoints());
    read_signed(checkpoints);
    HEARTH_TRY(rows_.rewind());
    HEARTH_TRY_ASSIGN(std::optional<RecordRow> row, rows_.next());
    while (row && row->number < 0) {
      find(Kind::inserted, 0, fmt::format("a record with the number {} was put there", row->number));
      HEARTH_TRY_ASSIGN(row, rows_.next());
    }
    start_at(row ? static_cast<std::uint64_t>(row->number) : 0);
    while (row) {
      look_at(*row);
      HEARTH_TRY_ASSIGN(row, rows_.next());
    }
    HEARTH_TRY(explain_links());
    finish();
    compare_trusted();
    audit_.size = std::max(size_, next_);
    audit_.unfinished = open_.size();
    return std::move(audit_);
  }

 private:
  void find(Kind kind, std::uint64_t number, std::string what) {
    if (audit_.findings.size() < kMaxFindings) audit_.findings.push_back({kind, number, std::move(what)});
  }
  [[nodiscard]] bool found_since(std::uint64_t number) const {
    return !broken_.empty() ||
           std::ranges::any_of(audit_.findings, [&](const Finding& f) { return f.number >= number; });
  }

  // The root that `note` vouches for; a finding if it is not to be believed.
  std::optional<Hash> believe(std::string_view note, std::int64_t size, std::string_view whose) {
    const auto parsed = parse_checkpoint(note);
    const auto number = static_cast<std::uint64_t>(std::max<std::int64_t>(size, 0));
    if (!parsed) {
      find(Kind::signature, number, fmt::format("{} is unreadable: {}", whose, parsed.error().message()));
      return std::nullopt;
    }
    if (const auto ours = key_.verify(*parsed); !ours) {
      find(Kind::signature, number, fmt::format("{} is not to be believed: {}", whose, ours.error().message()));
      return std::nullopt;
    }
    if (parsed->checkpoint.size != number) {
      find(Kind::checkpoint, number, fmt::format("{} says it is of {} records", whose, parsed->checkpoint.size));
      return std::nullopt;
    }
    return parsed->checkpoint.root;
  }

  void read_signed(const std::vector<CheckpointRow>& rows) {
    if (head_) {
      size_ = static_cast<std::uint64_t>(std::max<std::int64_t>(head_->size, 0));
      head_root_ = believe(head_->note, head_->size, fmt::format("the newest checkpoint, of {} records,", head_->size));
    } else {
      find(Kind::head, 0, "the ledger's head is missing: the table was emptied");
    }
    for (const CheckpointRow& row : rows) {
      kept_.push_back({static_cast<std::uint64_t>(std::max<std::int64_t>(row.size, 0)),
                       believe(row.note, row.size, fmt::format("the checkpoint of {} records", row.size)), row.range});
    }
    audit_.checkpoints = kept_.size();
    // The newest state is signed, so what was kept after it is of a ledger that was longer.
    if (head_ && (kept_.empty() || kept_.front().size != 0))
      find(Kind::checkpoint, 0, "the ledger's first checkpoint, of no records, was removed");
    if (!kept_.empty() && head_ && kept_.back().size > size_ && kept_.back().root)
      find(Kind::truncated, size_,
           fmt::format("the ledger has {} records, but {} were signed before", size_, kept_.back().size));
  }

  // The checkpoints up to the first record that is there lead to the tree that it is appended to.
  void start_at(std::uint64_t first) {
    audit_.first = first;
    next_ = first;
    for (; next_kept_ < kept_.size() && kept_[next_kept_].size <= first; ++next_kept_) {
      const KeptCheckpoint& kept = kept_[next_kept_];
      const auto range = CompactRange::from(tree_.end(), kept.size, kept.range);
      if (!range || !tree_.merge(*range)) return lose_tree(kept.size, "the hashes that lead to it are not its own");
      compare_kept(kept);
      if (!tree_known_) return;
    }
    since_ = CompactRange(first);
    if (tree_.end() == first) return;
    find(Kind::removed, tree_.end(), fmt::format("records {} to {} were removed", tree_.end(), first - 1));
    tree_known_ = false;
  }

  void lose_tree(std::uint64_t size, std::string_view why) {
    find(Kind::checkpoint, size, fmt::format("the checkpoint of {} records does not fit: {}", size, why));
    tree_known_ = false;
  }

  // The tree is as large as the checkpoint.
  void compare_kept(const KeptCheckpoint& kept) {
    if (!kept.root) return;
    if (*kept.root != tree_.root()) return blame(kept.size);
    good_until_ = kept.size;
  }

  // A root differs: something before `size` and after the last one that was right.
  void blame(std::uint64_t size) {
    tree_known_ = false;
    if (found_since(good_until_)) return;
    find(Kind::altered, good_until_,
         good_until_ + 1 >= size
             ? fmt::format("record {} is not the one that was signed", good_until_)
             : fmt::format("one of the records {} to {} is not the one that was signed, and those after it were "
                           "rewritten to follow on it",
                           good_until_, size - 1));
  }

  void look_at(const RecordRow& row) {
    const auto number = static_cast<std::uint64_t>(row.number);
    const bool follows = number == next_;
    if (!follows) {
      find(Kind::removed, next_,
           number == next_ + 1 ? fmt::format("record {} was removed", next_)
                               : fmt::format("records {} to {} were removed", next_, number - 1));
      tree_known_ = false;
    }
    const Hash leaf = leaf_hash(row.record);
    const auto record = decode(row.record);
    if (!record) {
      find(Kind::altered, number, fmt::format("record {} was altered: {}", number, record.error().message()));
    } else {
      if (number == audit_.first) first_previous_ = record->previous;
      const bool first = number == audit_.first;
      const bool right = first ? (number > 0 || record->previous == Hash{}) : record->previous == last_;
      if (follows && readable_ && !right && broken_.size() < kMaxFindings)
        broken_.push_back({number, record->previous});
      note_entry(number, record->entry);
    }
    readable_ = record.has_value();
    last_ = leaf;
    next_ = number + 1;
    if (!tree_known_) return;
    tree_.append(leaf);
    since_.append(leaf);
    remember_trusted();
    if (next_kept_ == kept_.size() || kept_[next_kept_].size > next_) return;
    const KeptCheckpoint& kept = kept_[next_kept_++];
    if (since_.bytes() != kept.range && !found_since(good_until_))
      find(Kind::checkpoint, kept.size,
           fmt::format("the hashes of the checkpoint of {} records are not its own, or one before it was removed",
                       kept.size));
    compare_kept(kept);
    since_ = CompactRange(next_);
  }

  void note_entry(std::uint64_t number, const Entry& entry) {
    if (std::holds_alternative<Begin>(entry)) {
      ++audit_.calls;
      open_.insert(number);
    } else if (const auto* complete = std::get_if<Complete>(&entry)) {
      open_.erase(complete->begin);
    } else {
      fold_ = std::get<Fold>(entry);
      fold_number_ = static_cast<std::int64_t>(number);
    }
  }

  // Where did the records stand that broken links point to?
  Result<void> explain_links() {
    if (broken_.empty()) return {};
    HEARTH_TRY(rows_.rewind());
    for (;;) {
      HEARTH_TRY_ASSIGN(const std::optional<RecordRow> row, rows_.next());
      if (!row) break;
      const Hash leaf = leaf_hash(row->record);
      for (BrokenLink& link : broken_)
        if (link.previous == leaf) link.follows = static_cast<std::uint64_t>(row->number);
    }
    for (const BrokenLink& link : broken_) explain(link);
    return {};
  }

  void explain(const BrokenLink& link) {
    if (link.at == 0)
      return find(Kind::removed, 0, "the first record is not the ledger's first: those before it were removed");
    if (link.follows && *link.follows >= link.at)
      return find(Kind::reordered, link.at,
                  fmt::format("record {} was written after the record that is now number {}: the order was changed",
                              link.at, *link.follows));
    if (link.follows)
      return find(Kind::inserted, *link.follows + 1,
                  fmt::format("record {} was written after record {}: what stands between was put there", link.at,
                              *link.follows));
    if (next_ < size_)
      return find(Kind::removed, link.at,
                  fmt::format("before record {} some were removed: {} are missing in all", link.at, size_ - next_));
    find(Kind::altered, link.at - 1,
         fmt::format("record {} was altered, or else record {}: it was written after another one", link.at - 1,
                     link.at));
  }

  void finish() {
    if (!head_) return;
    if (next_ < size_ &&
        std::ranges::none_of(
            audit_.findings, [&](const Finding& f) { return f.kind == Kind::removed && f.number >= audit_.first; }))
      find(Kind::truncated, next_, fmt::format("records {} to {} are missing at the end", next_, size_ - 1));
    if (next_ > size_)
      find(Kind::inserted, size_, fmt::format("records {} to {} were added without a signature", size_, next_ - 1));
    if (next_ == size_ && tree_known_ && head_root_ && *head_root_ != tree_.root()) blame(size_);
    check_fold();
    check_head();
  }

  void check_fold() {
    if (audit_.first == 0) return;
    const bool fits = fold_ && fold_->until == audit_.first && (!first_previous_ || *first_previous_ == fold_->last);
    if (!fits)
      find(Kind::removed, fold_ ? fold_->until : 0,
           fmt::format("records before {} were removed without leaving what they add up to", audit_.first));
  }

  // Only where all else is right: what is derived from it is wrong anyway where that is not.
  void check_head() {
    if (!audit_.sound()) return;
    const auto newest = kept_.empty() ? 0 : kept_.back().size;
    const bool fits = head_->last == view(last_) && head_->frontier == tree_.bytes() && head_->fold == fold_number_ &&
                      head_->since_kept == since_.bytes();
    if (kept_.empty() || static_cast<std::uint64_t>(head_->kept) != newest)
      return find(Kind::checkpoint, static_cast<std::uint64_t>(std::max<std::int64_t>(head_->kept, 0)),
                  fmt::format("the checkpoint of {} records was removed", head_->kept));
    if (!fits) find(Kind::head, size_, "what the ledger notes about its own state was altered");
  }

  void remember_trusted() {
    if (trusted_ && trusted_->checkpoint.size == next_) root_at_trusted_ = tree_.root();
  }

  void compare_trusted() {
    if (!trusted_) return;
    const Checkpoint& given = trusted_->checkpoint;
    if (const auto ours = key_.verify(*trusted_); !ours)
      return find(Kind::signature, given.size, "the given checkpoint is not to be believed: " + ours.error().message());
    if (given.size > size_ || given.size > next_)
      return find(
          Kind::truncated, std::min(size_, next_),
          fmt::format("the given checkpoint is of {} records, but there are only {}: the end was cut off, or an "
                      "older copy was put in place",
                      given.size, std::min(size_, next_)));
    std::optional<Hash> root = root_at_trusted_;
    if (given.size == 0) root = CompactRange().root();
    const auto kept = std::ranges::find(kept_, given.size, &KeptCheckpoint::size);
    if (!root && given.size <= audit_.first && kept != kept_.end()) root = kept->root;
    if (!root)
      return find(
          Kind::incomparable, given.size,
          fmt::format("the given checkpoint, of {} records, cannot be compared: the records of its time {}", given.size,
                      given.size < audit_.first ? "were folded, and it was not kept" : "were tampered with"));
    if (*root != given.root)
      find(Kind::altered, 0,
           fmt::format("the ledger was rewritten: its first {} records are not those of the given checkpoint, though "
                       "they are signed with the same key",
                       given.size));
  }

  LedgerRows& rows_;
  const VerifyKey& key_;
  const std::optional<SignedCheckpoint>& trusted_;
  Audit audit_;
  std::optional<HeadRow> head_;
  std::optional<Hash> head_root_;
  std::uint64_t size_ = 0;  // that the head says
  std::vector<KeptCheckpoint> kept_;
  std::size_t next_kept_ = 0;

  CompactRange tree_;
  CompactRange since_;
  bool tree_known_ = true;  // false: some leaf is missing, or a root was wrong
  std::uint64_t good_until_ = 0;
  Hash last_{};
  bool readable_ = true;  // the record before was
  std::uint64_t next_ = 0;
  std::vector<BrokenLink> broken_;
  std::unordered_set<std::uint64_t> open_;
  std::optional<Fold> fold_;
  std::int64_t fold_number_ = kNoFold;
  std::optional<Hash> first_previous_;
  std::optional<Hash> root_at_trusted_;
};

}  // namespace

std::string_view to_string(Finding::Kind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}

Result<Audit> audit(LedgerRows& rows, const VerifyKey& key, const std::optional<SignedCheckpoint>& trusted) {
  return Auditor(rows, key, trusted).run();
}

Result<DatabaseRows> DatabaseRows::open(store::Connection& db) {
  HEARTH_TRY(db.execute("BEGIN"));
  if (!db.prepare("SELECT size FROM egress_head"))
    return fail(
        Errc::failed_precondition,
        fmt::format("{} holds no egress ledger: a hearthd of this version has not yet run on it", db.path().string()));
  return DatabaseRows(db);
}

Result<std::optional<HeadRow>> DatabaseRows::head() {
  HEARTH_TRY_ASSIGN(
      store::Statement row,
      db_->prepare("SELECT size, last, frontier, fold, kept, kept_time, since_kept, note FROM egress_head"));
  HEARTH_TRY_ASSIGN(const bool found, row.step());
  if (!found) return std::nullopt;
  return HeadRow{row.integer(0), row.blob(1),    row.blob(2), row.integer(3),
                 row.integer(4), row.integer(5), row.blob(6), row.text(7)};
}

Result<std::vector<CheckpointRow>> DatabaseRows::checkpoints() {
  HEARTH_TRY_ASSIGN(store::Statement rows,
                    db_->prepare("SELECT size, time, handed_out, range, note FROM egress_checkpoints ORDER BY size"));
  std::vector<CheckpointRow> all;
  for (;;) {
    HEARTH_TRY_ASSIGN(const bool row, rows.step());
    if (!row) return all;
    all.push_back({rows.integer(0), rows.integer(1), rows.integer(2) != 0, rows.blob(3), rows.text(4)});
  }
}

Result<void> DatabaseRows::rewind() {
  HEARTH_TRY_ASSIGN(records_, db_->prepare("SELECT number, record FROM egress_records ORDER BY number"));
  return {};
}

Result<std::optional<RecordRow>> DatabaseRows::next() {
  HEARTH_TRY_ASSIGN(const bool row, records_->step());
  if (!row) return std::nullopt;
  return RecordRow{records_->integer(0), records_->text(1)};
}

}  // namespace hearth::egress
