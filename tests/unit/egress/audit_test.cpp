// Whatever is done to the ledger behind its back is found; what nothing was done to is sound.
#include "ledger_bench.h"

#include <hearth/core/ids.h>

#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <fstream>

namespace hearth::egress {
namespace {

using Kind = Finding::Kind;

// The tables in memory, to be tampered with by the thousand.
struct Tables : LedgerRows {
  std::optional<HeadRow> top;
  std::vector<CheckpointRow> kept;
  std::vector<RecordRow> records;
  std::size_t at = 0;

  static Tables copy(LedgerRows& from) {
    Tables tables;
    tables.top = from.head().value();
    tables.kept = from.checkpoints().value();
    (void)from.rewind();
    for (auto row = from.next().value(); row; row = from.next().value()) tables.records.push_back(*row);
    return tables;
  }
  Result<std::optional<HeadRow>> head() override { return top; }
  Result<std::vector<CheckpointRow>> checkpoints() override { return kept; }
  Result<void> rewind() override {
    at = 0;
    return {};
  }
  Result<std::optional<RecordRow>> next() override {
    if (at == records.size()) return std::nullopt;
    return records[at++];
  }

  void renumber(std::int64_t first) {
    for (RecordRow& row : records) row.number = first++;
  }
  // Makes the chain whole again from a record on, as whoever has no key can.
  void rechain(std::size_t from) {
    for (std::size_t i = std::max<std::size_t>(from, 1); i < records.size(); ++i) {
      const std::string entry = records[i].record.substr(records[i].record.find(R"("kind")"));
      records[i].record = join(leaf_hash(records[i - 1].record), entry.substr(0, entry.size() - 1));
    }
  }
  // And the head and the kept checkpoints' hashes, for a ledger whose first record is there.
  void rehash(const SigningKey* key) {
    CompactRange tree;
    CompactRange since;
    std::size_t k = 0;
    const auto keep = [&] {
      for (; k < kept.size() && static_cast<std::uint64_t>(kept[k].size) == tree.end(); ++k) {
        kept[k].range = since.bytes();
        since = CompactRange(tree.end());
        if (key != nullptr) kept[k].note = key->sign(tree.end(), tree.root());
      }
    };
    keep();
    Hash last{};
    for (const RecordRow& row : records) {
      last = leaf_hash(row.record);
      tree.append(last);
      since.append(last);
      keep();
    }
    kept.resize(k);
    top->size = static_cast<std::int64_t>(tree.end());
    top->last = std::string(reinterpret_cast<const char*>(last.data()), last.size());
    top->frontier = tree.bytes();
    top->since_kept = since.bytes();
    top->kept = kept.back().size;
    if (key != nullptr) top->note = key->sign(tree.end(), tree.root());
  }
};

struct Made {
  Tables whole;   // from its first record
  Tables folded;  // the same, later, with the beginning folded
  std::optional<VerifyKey> key;
  std::optional<SigningKey> secret;
  SignedCheckpoint early;  // was taken elsewhere; in both
};

const Made& made() {
  static const Made made = [] {
    LedgerOptions options;
    options.checkpoint_records = 9;
    options.keep = std::chrono::hours(24 * 3);
    LedgerBench bench(options);
    EXPECT_TRUE(bench.try_open());
    Made m;
    m.key = bench.key();
    for (int i = 0; i < 25; ++i) {
      const auto call = bench->begin_in_background(bench.call("req_" + std::to_string(i)));
      if (i % 3 != 0) bench->complete(*call, bench.answer());
      bench.settle();
      if (i == 6) m.early = parse_checkpoint(bench.checkpoint().value()).value();
      bench.pass(std::chrono::hours(4));
    }
    const auto copy = [&] {
      auto db = store::Connection::open_read_only(bench.database()).value();
      auto rows = DatabaseRows::open(db).value();
      return Tables::copy(rows);
    };
    m.whole = copy();
    bench.pass(std::chrono::hours(24));
    bench->maintain();
    bench.settle();
    bench.settle();
    m.folded = copy();
    std::string secret = read_file(bench.key_file(), 1000).value();
    secret.pop_back();
    m.secret = SigningKey::parse(secret).value();
    return m;
  }();
  return made;
}

Audit audited(Tables tables, const std::optional<SignedCheckpoint>& trusted = {}) {
  return audit(tables, *made().key, trusted).value();
}

bool has(const Audit& audit, Kind kind, std::uint64_t number) {
  return std::ranges::any_of(audit.findings, [&](const Finding& f) { return f.kind == kind && f.number == number; });
}

TEST(Audit, WhatNothingWasDoneToIsSound) {
  EXPECT_GT(made().whole.records.size(), 40U);
  EXPECT_GT(made().whole.kept.size(), 4U);
  EXPECT_GT(made().folded.records.front().number, 10);
  for (const Tables* tables : {&made().whole, &made().folded}) {
    EXPECT_TRUE(audited(*tables).sound()) << told(audited(*tables));
    EXPECT_TRUE(audited(*tables, made().early).sound()) << told(audited(*tables, made().early));
  }
}

// What each kind of tampering is told as.
TEST(Audit, SaysWhatWasDoneAndWhere) {
  const Tables& whole = made().whole;
  const auto size = static_cast<std::uint64_t>(whole.top->size);
  {
    Tables t = whole;
    t.records[6].record.replace(t.records[6].record.find("req_"), 4, "reg_");
    EXPECT_TRUE(has(audited(t), Kind::altered, 6)) << told(audited(t));
  }
  {
    Tables t = whole;
    t.records.back().record.replace(t.records.back().record.find("\"v\""), 3, "\"w\"");
    EXPECT_TRUE(has(audited(t), Kind::altered, size - 1)) << told(audited(t));
  }
  {
    Tables t = whole;
    t.records.erase(t.records.begin() + 11);
    EXPECT_TRUE(has(audited(t), Kind::removed, 11)) << told(audited(t));
    t.renumber(0);
    EXPECT_TRUE(has(audited(t), Kind::removed, 11)) << told(audited(t));
  }
  {
    Tables t = whole;
    t.records.insert(t.records.begin() + 5, t.records[20]);
    t.renumber(0);
    EXPECT_TRUE(has(audited(t), Kind::inserted, 5)) << told(audited(t));
  }
  {
    Tables t = whole;
    std::swap(t.records[14].record, t.records[15].record);
    EXPECT_TRUE(has(audited(t), Kind::reordered, 14)) << told(audited(t));
  }
  {
    Tables t = whole;
    t.records.resize(t.records.size() - 3);
    EXPECT_TRUE(has(audited(t), Kind::truncated, size - 3)) << told(audited(t));
  }
  {
    Tables t = whole;
    t.records.push_back({static_cast<std::int64_t>(size), t.records.back().record});
    EXPECT_TRUE(has(audited(t), Kind::inserted, size)) << told(audited(t));
  }
  {
    Tables t = whole;
    t.records.erase(t.records.begin(), t.records.begin() + 4);
    EXPECT_TRUE(has(audited(t), Kind::removed, 0)) << told(audited(t));
  }
  {
    Tables t = whole;
    t.kept.erase(t.kept.begin() + 2);
    EXPECT_FALSE(audited(t).sound());
    t = whole;
    t.kept.pop_back();
    EXPECT_TRUE(has(audited(t), Kind::checkpoint, static_cast<std::uint64_t>(whole.kept.back().size)))
        << told(audited(t));
  }
  {
    Tables t = whole;
    t.top->fold = 3;
    EXPECT_TRUE(has(audited(t), Kind::head, size)) << told(audited(t));
    t.top.reset();
    EXPECT_FALSE(audited(t).sound());
  }
}

TEST(Audit, WhoHasNoKeyCannotRewrite) {
  Tables t = made().whole;
  t.records[6].record.replace(t.records[6].record.find("internal"), 8, "personal");
  t.rechain(7);
  t.rehash(nullptr);
  EXPECT_FALSE(audited(t).sound());
  const SigningKey other = SigningKey::generate(made().key->name());
  t.rehash(&other);
  const Audit found = audited(t);
  EXPECT_TRUE(std::ranges::any_of(found.findings, [](const Finding& f) { return f.kind == Kind::signature; }));
}

// What docs/egress.md says only a checkpoint taken elsewhere shows.
TEST(Audit, WhoHasTheKeyIsFoundByACheckpointElsewhere) {
  Tables t = made().whole;
  t.records[3].record.replace(t.records[3].record.find("internal"), 8, "personal");
  t.rechain(4);
  t.rehash(&*made().secret);
  EXPECT_TRUE(audited(t).sound()) << told(audited(t));
  EXPECT_TRUE(has(audited(t, made().early), Kind::altered, 0)) << told(audited(t, made().early));
}

TEST(Audit, AnOlderCopyIsFoundByACheckpointElsewhere) {
  Tables t = made().whole;
  const SignedCheckpoint newest = parse_checkpoint(t.top->note).value();
  t.records.resize(20);
  t.rehash(&*made().secret);
  EXPECT_TRUE(audited(t).sound()) << told(audited(t));
  EXPECT_TRUE(has(audited(t, newest), Kind::truncated, 20)) << told(audited(t, newest));
}

TEST(Audit, ACheckpointThatWasNotKeptCannotBeCompared) {
  const Tables& folded = made().folded;
  CompactRange tree;
  for (int i = 0; i < 3; ++i) tree.append(leaf_hash(made().whole.records[static_cast<std::size_t>(i)].record));
  const auto third = parse_checkpoint(made().secret->sign(3, tree.root())).value();
  EXPECT_TRUE(audited(made().whole, third).sound());
  EXPECT_TRUE(has(audited(folded, third), Kind::incomparable, 3)) << told(audited(folded, third));
  const auto stranger = parse_checkpoint(SigningKey::generate("x").sign(3, tree.root())).value();
  EXPECT_TRUE(has(audited(folded, stranger), Kind::signature, 3));
}

void flip(std::string& bytes) {
  RC_PRE(!bytes.empty());
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  const auto with = *rc::gen::inRange(1, 256);
  bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ static_cast<unsigned>(with));
}

// One act of tampering, at random.
void tamper(Tables& t) {
  const auto pick = [](const auto& list) { return *rc::gen::inRange<std::size_t>(0, list.size()); };
  const std::int64_t first = t.records.front().number;
  const auto act = *rc::gen::inRange(0, 14);
  RC_TAG(act);
  switch (act) {
    case 0:
      return flip(t.records[pick(t.records)].record);
    case 1: {  // a record of one's own in place of another
      const auto i = pick(t.records);
      Record record = decode(t.records[i].record).value();
      Begin forged;
      forged.call = "forged";
      record.entry = forged;
      t.records[i].record = join(record.previous, encode(record.entry).value());
      return;
    }
    case 2:
    case 3: {  // some removed, with and without closing the gap
      const auto i = pick(t.records);
      const auto n = *rc::gen::inRange<std::size_t>(1, t.records.size() - i + 1);
      t.records.erase(t.records.begin() + static_cast<std::ptrdiff_t>(i),
                      t.records.begin() + static_cast<std::ptrdiff_t>(i + n));
      if (act == 3) t.renumber(first);
      return;
    }
    case 4: {
      const auto i = pick(t.records);
      const auto k = pick(t.records);
      RC_PRE(i != k);
      return std::swap(t.records[i].record, t.records[k].record);
    }
    case 5: {
      const RecordRow copy = t.records[pick(t.records)];
      t.records.insert(t.records.begin() + static_cast<std::ptrdiff_t>(pick(t.records)), copy);
      return t.renumber(first);
    }
    case 6:
      t.records.push_back({t.records.back().number + 1, t.records[pick(t.records)].record});
      return;
    case 7: {  // rewritten from a record on, the chain whole
      const auto i = pick(t.records);
      Record record = decode(t.records[i].record).value();
      Begin forged;
      forged.call = "forged";
      t.records[i].record = join(record.previous, encode(forged).value());
      return t.rechain(i + 1);
    }
    case 8:
      return flip(**rc::gen::element(&t.top->last, &t.top->frontier, &t.top->note));
    case 9: {
      std::int64_t& field = **rc::gen::element(&t.top->size, &t.top->fold, &t.top->kept);
      field += *rc::gen::inRange<std::int64_t>(1, 100);
      return;
    }
    case 10:
      t.kept.erase(t.kept.begin() + static_cast<std::ptrdiff_t>(pick(t.kept)));
      return;
    case 11:
      return flip(t.kept[pick(t.kept)].note);
    case 12:
      return flip(t.kept[pick(t.kept)].range);
    default: {
      const auto i = pick(t.kept);
      const auto k = pick(t.kept);
      RC_PRE(i != k);
      return std::swap(t.kept[i].note, t.kept[k].note);
    }
  }
}

RC_GTEST_PROP(Audit, AnyTamperingIsFound, ()) {
  Tables t = *rc::gen::arbitrary<bool>() ? made().whole : made().folded;
  tamper(t);
  RC_ASSERT(!audited(t).sound());
}

// The same on the file, as whoever can write it would.
TEST(Audit, TamperingWithTheFileIsFound) {
  LedgerOptions options;
  options.checkpoint_records = 6;
  LedgerBench bench(options);
  bench.open();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(bench.begin(bench.call("req_" + std::to_string(i))));
  ASSERT_TRUE(bench.checkpoint());
  ASSERT_TRUE(bench.begin(bench.call("req_last")));
  bench.close();
  ASSERT_TRUE(bench.verify()->sound()) << told(bench.verify());
  const auto pristine = read_file(bench.database(), 1U << 26U).value();
  for (const char* sql : {
           "UPDATE egress_records SET record = replace(record, 'internal', 'public') WHERE number = 4",
           "UPDATE egress_records SET record = record || ' ' WHERE number = 20",
           "UPDATE egress_records SET record = CAST(CAST(record AS BLOB) || x'00' AS TEXT) WHERE number = 2",
           "DELETE FROM egress_records WHERE number = 9",
           "DELETE FROM egress_records WHERE number = 0",
           "DELETE FROM egress_records WHERE number >= 18",
           "DELETE FROM egress_records",
           "DELETE FROM egress_records WHERE number = 9; UPDATE egress_records SET number = -number WHERE number > 9; "
           "UPDATE egress_records SET number = -number - 1 WHERE number < 0",
           "UPDATE egress_records SET number = -1 WHERE number = 5; UPDATE egress_records SET number = 5 WHERE number "
           "= "
           "6; UPDATE egress_records SET number = 6 WHERE number = -1",
           "INSERT INTO egress_records SELECT 21, record FROM egress_records WHERE number = 3",
           "INSERT INTO egress_records SELECT -7, record FROM egress_records WHERE number = 3",
           "INSERT INTO egress_records SELECT 9000000000000000000, record FROM egress_records WHERE number = 3",
           "DELETE FROM egress_checkpoints WHERE size = (SELECT max(size) FROM egress_checkpoints)",
           "DELETE FROM egress_checkpoints WHERE size = 6",
           "DELETE FROM egress_checkpoints WHERE size = 0",
           "DELETE FROM egress_checkpoints",
           "UPDATE egress_checkpoints SET note = replace(note, '+', '/')",
           "UPDATE egress_checkpoints SET note = '' WHERE size = 6",
           "UPDATE egress_checkpoints SET size = 7 WHERE size = 6",
           "UPDATE egress_checkpoints SET size = -6 WHERE size = 6",
           "UPDATE egress_checkpoints SET range = zeroblob(length(range)) WHERE size = 12",
           "UPDATE egress_head SET size = 20",
           "UPDATE egress_head SET size = -1",
           "UPDATE egress_head SET last = zeroblob(32)",
           "UPDATE egress_head SET note = (SELECT note FROM egress_checkpoints WHERE size = 12)",
           "DELETE FROM egress_head",
           "DELETE FROM egress_head; DELETE FROM egress_checkpoints; DELETE FROM egress_records",
       }) {
    for (const char* beside : {"-wal", "-shm"}) std::filesystem::remove(bench.database().string() + beside);
    std::ofstream(bench.database(), std::ios::binary | std::ios::trunc) << pristine;
    {
      auto db = store::Connection::open(bench.database());
      ASSERT_TRUE(db) << db.error().describe();
      const auto done = db->execute(sql);
      ASSERT_TRUE(done) << sql << ": " << done.error().describe();
      ASSERT_NE(db->changes(), 0) << sql;
    }
    const auto found = bench.verify();
    ASSERT_TRUE(found) << sql << ": " << found.error().describe();
    EXPECT_FALSE(found->sound()) << sql;
    const auto opened = bench.try_open();
    bench.close();
  }
}

}  // namespace
}  // namespace hearth::egress
