#include "ledger_bench.h"

#include <hearth/egress/set_aside.h>

#include <gmock/gmock.h>

#include <thread>

namespace hearth::egress {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

std::int64_t number(LedgerBench& bench, const std::string& sql) {
  return bench.store()
      .call([sql](store::Connection& db) -> Result<std::int64_t> {
        HEARTH_TRY_ASSIGN(store::Statement row, db.prepare(sql));
        HEARTH_TRY(row.step());
        return row.integer(0);
      })
      .get()
      .value();
}

void run_sql(LedgerBench& bench, const std::string& sql) {
  const auto done = bench.store()
                        .call([sql](store::Connection& db) -> Result<int> {
                          HEARTH_TRY(db.execute(sql));
                          return 0;
                        })
                        .get();
  ASSERT_TRUE(done) << done.error().describe();
}

TEST(Ledger, ACallIsRecordedBeforeAndAfter) {
  LedgerBench bench;
  bench.open();
  const auto call = bench.begin(bench.call("req_1"));
  ASSERT_TRUE(call) << call.error().describe();
  EXPECT_EQ(number(bench, "SELECT count(*) FROM egress_records"), 1) << "it is on the disk before anything is sent";
  {
    const auto midway = bench.verify();
    ASSERT_TRUE(midway && midway->sound()) << told(midway);
    EXPECT_EQ(midway->unfinished, 1U);
  }
  bench->complete(*call, bench.answer());
  bench.settle();
  const auto audit = bench.verify();
  ASSERT_TRUE(audit && audit->sound()) << told(audit);
  EXPECT_EQ(audit->size, 2U);
  EXPECT_EQ(audit->calls, 1U);
  EXPECT_EQ(audit->unfinished, 0U);
}

TEST(Ledger, InTheBackgroundNothingWaits) {
  LedgerBench bench;
  bench.open();
  for (int i = 0; i < 3000; ++i) {
    const auto call = bench->begin_in_background(bench.call("req_" + std::to_string(i)));
    ASSERT_TRUE(call) << call.error().describe();
    bench->complete(*call, bench.answer());
  }
  bench.close();
  const auto audit = bench.verify();
  ASSERT_TRUE(audit && audit->sound()) << told(audit);
  EXPECT_EQ(audit->size, 6000U);
  EXPECT_EQ(audit->unfinished, 0U);
  EXPECT_GE(audit->checkpoints, 5U);
}

TEST(Ledger, ManyThreadsAtOnce) {
  LedgerBench bench;
  bench.open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const auto id = "req_" + std::to_string(t * 100 + i);
        const auto call = i % 2 == 0 ? bench.begin(bench.call(id)) : bench->begin_in_background(bench.call(id));
        ASSERT_TRUE(call);
        bench->complete(*call, bench.answer());
      }
    });
  for (std::thread& thread : threads) thread.join();
  bench.close();
  const auto audit = bench.verify();
  ASSERT_TRUE(audit && audit->sound()) << told(audit);
  EXPECT_EQ(audit->calls, 80U);
  EXPECT_EQ(audit->unfinished, 0U);
}

TEST(Ledger, GoesOnAfterARestart) {
  LedgerBench bench;
  for (int i = 0; i < 5; ++i) {
    bench.open();
    ASSERT_TRUE(bench.begin(bench.call("req")));
    bench.close();
  }
  const auto audit = bench.verify();
  ASSERT_TRUE(audit && audit->sound()) << told(audit);
  EXPECT_EQ(audit->size, 5U);
  EXPECT_EQ(audit->checkpoints, 6U) << "one of the empty ledger, and one at each stop";
}

TEST(Ledger, CheckpointsAreKeptByCountByTimeAndOnDemand) {
  LedgerOptions options;
  options.checkpoint_records = 10;
  LedgerBench bench(options);
  bench.open();
  ASSERT_TRUE(bench.begin(bench.call("req")));
  EXPECT_EQ(number(bench, "SELECT count(*) FROM egress_checkpoints"), 1);
  bench.pass(hours(1));
  ASSERT_TRUE(bench.begin(bench.call("req")));
  EXPECT_EQ(number(bench, "SELECT max(size) FROM egress_checkpoints"), 2);
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(bench.begin(bench.call("req")));
  EXPECT_EQ(number(bench, "SELECT max(size) FROM egress_checkpoints"), 12);
  const auto note = bench.checkpoint();
  ASSERT_TRUE(note) << note.error().describe();
  const auto parsed = parse_checkpoint(*note);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->checkpoint.size, 14U);
  EXPECT_TRUE(bench.key().verify(*parsed));
  const auto again = bench.checkpoint();
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *note);
  EXPECT_EQ(number(bench, "SELECT sum(handed_out) FROM egress_checkpoints"), 1);
  const auto audit = bench.verify(*parsed);
  EXPECT_TRUE(audit && audit->sound()) << told(audit);
}

TEST(Ledger, WhatCannotBeRecordedMayNotLeave) {
  LedgerBench bench;
  bench.open();
  Begin bad = bench.call("req");
  bad.model = std::string(10'000, 'x');
  EXPECT_TRUE(bench.begin(bad).error().is(Errc::invalid_argument));
  EXPECT_TRUE(bench->begin_in_background(bad).error().is(Errc::invalid_argument));
}

TEST(Ledger, IsNotSignedOnTopOfWhatOthersChanged) {
  LedgerBench bench;
  bench.open();
  ASSERT_TRUE(bench.begin(bench.call("req")));
  run_sql(bench, "UPDATE egress_head SET size = 0, frontier = x'', last = zeroblob(32)");
  const auto refused = bench.begin(bench.call("req"));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(Errc::corrupt));
  const auto in_background = bench->begin_in_background(bench.call("req"));
  ASSERT_FALSE(in_background) << "nothing may leave";
  EXPECT_TRUE(in_background.error().is(Errc::corrupt));
  bench.close();
  const auto opened = bench.try_open();
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().is(Errc::corrupt));
}

TEST(Ledger, AnOlderStateIsNoticedWhileItRuns) {
  LedgerBench bench;
  bench.open();
  ASSERT_TRUE(bench.begin(bench.call("req")));
  run_sql(bench, "CREATE TABLE old AS SELECT * FROM egress_head");
  ASSERT_TRUE(bench.begin(bench.call("req")));
  run_sql(bench, "INSERT OR REPLACE INTO egress_head SELECT * FROM old; DELETE FROM egress_records WHERE number > 0");
  EXPECT_TRUE(bench.begin(bench.call("req")).error().is(Errc::corrupt));
}

TEST(Ledger, RemovedRecordsAreNoticedAtStart) {
  LedgerBench bench;
  bench.open();
  ASSERT_TRUE(bench.begin(bench.call("req")));
  run_sql(bench, "DELETE FROM egress_records");
  bench.close();
  const auto opened = bench.try_open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message(), HasSubstr("hearth egress verify"));
}

TEST(Ledger, WithoutItsKeyItIsNotContinued) {
  LedgerBench bench;
  bench.open();
  bench.close();
  std::filesystem::rename(bench.key_file(), bench.folder() / "elsewhere");
  const auto opened = bench.try_open();
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error().is(Errc::failed_precondition));
  EXPECT_FALSE(std::filesystem::exists(bench.key_file())) << "no other key is made";
  std::filesystem::rename(bench.folder() / "elsewhere", bench.key_file());
  EXPECT_TRUE(bench.try_open());
}

// A disk that takes nothing any more: triggers stand in for it.
TEST(Ledger, WhatTheDiskRefusesIsKeptForLaterOrRefused) {
  LedgerBench bench;
  bench.open();
  run_sql(bench, "CREATE TRIGGER full BEFORE INSERT ON egress_records BEGIN SELECT RAISE(ABORT, 'full'); END");
  EXPECT_FALSE(bench.begin(bench.call("cloud")));
  const auto call = bench->begin_in_background(bench.call("lan"));
  ASSERT_TRUE(call);
  bench->complete(*call, bench.answer());
  bench.settle();
  bench.settle();
  EXPECT_EQ(bench->counts().waiting, 2U);
  run_sql(bench, "DROP TRIGGER full");
  ASSERT_TRUE(bench.begin(bench.call("later")));
  EXPECT_EQ(bench->counts().waiting, 0U);
  const auto audit = bench.verify();
  ASSERT_TRUE(audit && audit->sound()) << told(audit);
  EXPECT_EQ(audit->calls, 2U);
  EXPECT_EQ(audit->unfinished, 1U) << "the completion was not lost";
}

TEST(Ledger, OldRecordsBecomeSums) {
  LedgerOptions options;
  options.keep = hours(24 * 30);
  options.checkpoint_records = 4;
  LedgerBench bench(options);
  bench.open();
  std::optional<SignedCheckpoint> anchored;
  for (int day = 0; day < 40; ++day) {
    const auto data_class = day % 10 == 0 ? DataClass::personal : DataClass::internal;
    const auto call = bench.begin(bench.call("req_" + std::to_string(day), data_class));
    ASSERT_TRUE(call);
    bench->complete(*call, bench.answer());
    bench.settle();
    if (day == 3) anchored = parse_checkpoint(bench.checkpoint().value()).value();
    bench.pass(hours(24));
    bench->maintain();
    bench.settle();
    bench.settle();
    const auto audit = bench.verify(anchored);
    ASSERT_TRUE(audit && audit->sound()) << "day " << day << ": " << told(audit);
  }
  EXPECT_EQ(number(bench, "SELECT count(*) FROM egress_records WHERE record LIKE '%req_5\"%'"), 0);
  EXPECT_GT(number(bench, "SELECT count(*) FROM egress_records WHERE record LIKE '%req_20\"%'"), 0);
  EXPECT_LT(number(bench, "SELECT count(*) FROM egress_records"), 90);

  const auto all = bench.report({std::nullopt, DataClass::personal});
  ASSERT_TRUE(all) << all.error().describe();
  std::uint64_t calls = all->calls();
  for (const ReportRow& row : all->folded) calls += row.calls;
  EXPECT_EQ(calls, 4U) << "no call was lost from the sums";
  EXPECT_TRUE(all->folded_until);

  bench.close();
  bench.open();
  ASSERT_TRUE(bench.begin(bench.call("req")));
  const auto audit = bench.verify(anchored);
  EXPECT_TRUE(audit && audit->sound()) << told(audit);
  // The one that was taken elsewhere is still there to be compared with.
  std::string secret = read_file(bench.key_file(), 1000).value();
  secret.pop_back();
  const std::string note =
      SigningKey::parse(secret).value().sign(anchored->checkpoint.size, leaf_hash("another history"));
  const SignedCheckpoint forged = parse_checkpoint(note).value();
  const auto rewritten = bench.verify(forged);
  ASSERT_TRUE(rewritten);
  EXPECT_FALSE(rewritten->sound());
}

TEST(Ledger, AChangedTimeDoesNotFoldEarly) {
  LedgerOptions options;
  options.checkpoint_records = 2;
  LedgerBench bench(options);
  bench.open();
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(bench.begin(bench.call("req")));
  run_sql(bench, "UPDATE egress_checkpoints SET time = 0");
  bench->maintain();
  bench.settle();
  EXPECT_EQ(number(bench, "SELECT count(*) FROM egress_records"), 8);
}

TEST(Ledger, ItsSizeIsBounded) {
  LedgerOptions options;
  options.keep_records = 100;
  options.checkpoint_records = 16;
  LedgerBench bench(options);
  bench.open();
  for (int i = 0; i < 20; ++i) {
    for (int k = 0; k < 16; ++k) ASSERT_TRUE(bench->begin_in_background(bench.call("req")));
    bench.settle();
    bench->maintain();
    bench.settle();
    bench.settle();
  }
  EXPECT_LT(number(bench, "SELECT count(*) FROM egress_records"), 160);
  EXPECT_LT(number(bench, "SELECT count(*) FROM egress_checkpoints"), 20);
  const auto audit = bench.verify();
  EXPECT_TRUE(audit && audit->sound()) << told(audit);
}

TEST(Ledger, ReportsWhatLeftAndWhereTo) {
  LedgerBench bench;
  bench.open();
  const auto nothing = bench.report({bench.now(), DataClass::personal});
  ASSERT_TRUE(nothing);
  EXPECT_EQ(sentence(*nothing), "Nothing of class personal or above left this box since 2023-11-14T22:13Z.");

  const auto one = bench.begin(bench.call("req_1", DataClass::internal));
  bench->complete(*one, bench.answer());
  bench.pass(hours(2));
  const WallTime later = bench.now();
  for (int i = 0; i < 3; ++i) {
    const auto call = bench.begin(bench.call("req_2", DataClass::personal, "api.other.com:443"));
    if (i < 2) bench->complete(*call, bench.answer(50));
  }
  bench.settle();
  const auto personal = bench.report({later, DataClass::personal});
  ASSERT_TRUE(personal);
  EXPECT_EQ(sentence(*personal),
            "Of class personal or above, 3 calls left this box since 2023-11-15T00:13Z: 3 calls to api.other.com:443 "
            "(rule clouds).");
  ASSERT_EQ(personal->rows.size(), 1U);
  EXPECT_EQ(personal->rows[0].unfinished, 1U);
  EXPECT_EQ(personal->rows[0].sent, 300U);
  EXPECT_EQ(personal->rows[0].received, 100U);
  EXPECT_EQ(personal->rows[0].who, "key_a");

  const auto secret = bench.report({std::nullopt, DataClass::secret});
  EXPECT_EQ(sentence(*secret), "Nothing of class secret left this box.");
  const auto all = bench.report({std::nullopt, DataClass::open});
  EXPECT_EQ(all->calls(), 4U);
  ASSERT_EQ(all->rows.size(), 2U);
  EXPECT_EQ(all->rows[0].data_class, DataClass::personal) << "the most confidential first";
}

TEST(Ledger, WhatARuleLoweredIsReportedAsWhatItWas) {
  LedgerBench bench;
  bench.open();
  Begin lowered = bench.call("req_1", DataClass::internal);
  lowered.rule = "declassify.shop-orders (personal to internal), clouds";
  ASSERT_TRUE(bench.begin(lowered));
  ASSERT_TRUE(bench.begin(bench.call("req_2", DataClass::internal)));
  const auto personal = bench.report({std::nullopt, DataClass::personal});
  ASSERT_TRUE(personal);
  EXPECT_EQ(sentence(*personal),
            "Of class personal or above, 1 call left this box: 1 call to api.example.com:443 (rule "
            "declassify.shop-orders (personal to internal), clouds).");
  ASSERT_EQ(personal->rows.size(), 1U);
  EXPECT_EQ(personal->rows[0].data_class, DataClass::internal);
  EXPECT_EQ(sentence(*bench.report({std::nullopt, std::nullopt})), sentence(*personal));
  EXPECT_EQ(sentence(*bench.report({std::nullopt, DataClass::secret})), "Nothing of class secret left this box.");

  for (const char* unreadable : {"declassify.", "declassify.x (", "declassify.x (all to public)"}) {
    Begin odd = bench.call("req_3", DataClass::open);
    odd.rule = unreadable;
    ASSERT_TRUE(bench.begin(odd));
  }
  EXPECT_EQ(bench.report({std::nullopt, DataClass::secret})->calls(), 3U);
}

TEST(Ledger, ADamagedOneIsSetAsideAndANewOneBegins) {
  LedgerBench bench;
  bench.open();
  ASSERT_TRUE(bench.begin(bench.call("req")));
  run_sql(bench, "DELETE FROM egress_records");
  const VerifyKey before = bench.key();
  bench.close();
  ASSERT_FALSE(bench.try_open());
  bench.close();
  {
    auto db = store::Connection::open(bench.database());
    ASSERT_TRUE(db);
    const auto aside = set_aside(*db, bench.folder(), bench.now());
    ASSERT_TRUE(aside) << aside.error().describe();
    EXPECT_TRUE(std::filesystem::exists(aside->key));
    auto copy = store::Connection::open_read_only(aside->database);
    ASSERT_TRUE(copy);
    auto rows = DatabaseRows::open(*copy);
    ASSERT_TRUE(rows);
    const auto old = audit(*rows, before);
    ASSERT_TRUE(old);
    EXPECT_FALSE(old->sound()) << "the evidence is kept";
    EXPECT_TRUE(set_aside(*db, bench.folder(), bench.now()).error().is(Errc::already_exists));
  }
  bench.open();
  EXPECT_NE(bench.key().to_string(), before.to_string());
  ASSERT_TRUE(bench.begin(bench.call("req")));
  const auto audit = bench.verify();
  EXPECT_TRUE(audit && audit->sound()) << told(audit);
}

// The same in another language, from the documentation alone.
TEST(Ledger, AnIndependentProgramComesToTheSameRoot) {
  LedgerOptions options;
  options.checkpoint_records = 7;
  options.keep = hours(12);
  LedgerBench bench(options);
  bench.open();
  const std::string check = std::string(HEARTH_EGRESS_CHECK) + " " + bench.database().string();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(bench.begin(bench.call("req_" + std::to_string(i))));
    bench.pass(hours(6));
  }
  const std::string with_key = check + " '" + bench.key().to_string() + "'";
  EXPECT_EQ(std::system(with_key.c_str()), 0);
  bench->maintain();
  bench.settle();
  bench.settle();
  ASSERT_GT(number(bench, "SELECT min(number) FROM egress_records"), 0) << "some were folded";
  EXPECT_EQ(std::system(with_key.c_str()), 0);
  run_sql(bench, "UPDATE egress_records SET record = replace(record, 'internal', 'personal') WHERE number = 9");
  EXPECT_NE(std::system((with_key + " 2>/dev/null").c_str()), 0);
}

}  // namespace
}  // namespace hearth::egress
