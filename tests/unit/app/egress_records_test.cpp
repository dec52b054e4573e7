// What programs behind the gate's proxies do stands in the ledger before it is allowed.
#include "egress_records.h"

#include "ledger_bench.h"

#include <gmock/gmock.h>

#include <future>

namespace hearth::daemon {
namespace {

using egress::Purpose;
using testing::HasSubstr;

egress::Proxied wish(std::uint64_t id, std::string host) {
  return {id, {Purpose::pack, std::move(host), 80, "packs"}};
}

class Records : public testing::Test {
 protected:
  void SetUp() override {
    bench_.open();
    records_ = std::make_shared<EgressRecords>(&*bench_, egress::Policy{});
  }
  void TearDown() override { records_->close(); }

  Result<void> ask(const egress::Proxied& proxied) {
    std::promise<Result<void>> promise;
    records_->ask(proxied, [&](Result<void> verdict) { promise.set_value(std::move(verdict)); });
    return promise.get_future().get();
  }
  egress::Report report() {
    bench_.settle();
    const auto report = bench_.report({});
    EXPECT_TRUE(report);
    return report.value_or(egress::Report());
  }

  egress::LedgerBench bench_;
  std::shared_ptr<EgressRecords> records_;
};

TEST_F(Records, AConnectionIsOnTheDiskBeforeItMayBeOpenedAndCompletedWithItsBytes) {
  ASSERT_TRUE(ask(wish(1, "deb.example")));
  egress::Report begun = report();
  ASSERT_EQ(begun.rows.size(), 1U);
  EXPECT_EQ(begun.rows[0].unfinished, 1U);
  EXPECT_EQ(begun.rows[0].destination, "deb.example:80");
  EXPECT_EQ(begun.rows[0].rule, "open to public addresses");
  EXPECT_EQ(begun.rows[0].purpose, Purpose::pack);
  EXPECT_EQ(begun.rows[0].who, "packs");
  EXPECT_EQ(begun.rows[0].data_class, DataClass::internal);

  records_->over(1, {300, 4000});
  records_->over(1, {1, 1});  // said twice, it counts once
  records_->over(7, {1, 1});  // and what was never asked for, not at all
  const egress::Report over = report();
  EXPECT_EQ(over.rows[0].unfinished, 0U);
  EXPECT_EQ(over.rows[0].sent, 300U);
  EXPECT_EQ(over.rows[0].received, 4000U);
  EXPECT_TRUE(bench_.verify().value().findings.empty());
}

TEST_F(Records, WhatAnUnknownProgramSendsIsOfUnknownClass) {
  ASSERT_TRUE(ask(wish(1, "deb.example")));
  records_->allow(egress::parse_rule("tools.example").value());
  ASSERT_TRUE(ask({2, {Purpose::mcp, "tools.example", 443, "agent"}}));
  const egress::Report both = report();
  ASSERT_EQ(both.rows.size(), 2U);
  EXPECT_EQ(both.rows[0].data_class, kUnknownClass);
  EXPECT_EQ(both.rows[0].rule, "named: tools.example");
}

TEST_F(Records, WhatMayNotGoIsNeitherAllowedNorRecorded) {
  const auto verdict = ask({1, {Purpose::mcp, "tools.example", 443, "agent"}});
  ASSERT_FALSE(verdict);
  EXPECT_TRUE(verdict.error().is(Errc::permission_denied));
  EXPECT_FALSE(ask(wish(2, "169.254.169.254")));
  EXPECT_EQ(report().calls(), 0U);
}

TEST_F(Records, WithoutALedgerNothingGoesOut) {
  const auto none = std::make_shared<EgressRecords>(nullptr, egress::Policy{});
  std::promise<Result<void>> promise;
  none->ask(wish(1, "deb.example"), [&](Result<void> verdict) { promise.set_value(std::move(verdict)); });
  const auto verdict = promise.get_future().get();
  ASSERT_FALSE(verdict);
  EXPECT_TRUE(verdict.error().is(Errc::permission_denied));
  EXPECT_THAT(verdict.error().message(), HasSubstr("hearth egress verify"));
}

TEST_F(Records, WithADamagedLedgerNothingGoesOut) {
  ASSERT_TRUE(ask(wish(1, "deb.example")));
  const auto damage = [](store::Connection& db) -> Result<int> {
    HEARTH_TRY(db.execute("UPDATE egress_head SET note = 'another'"));
    return 0;
  };
  ASSERT_TRUE(bench_.store().call(damage).get());
  const auto verdict = ask(wish(2, "deb.example"));
  ASSERT_FALSE(verdict);
  EXPECT_TRUE(verdict.error().is(Errc::permission_denied)) << verdict.error().describe();
}

TEST_F(Records, OfAProgramThatEndedNothingMoreIsExpected) {
  ASSERT_TRUE(ask(wish(1, "deb.example")));
  records_->cut();
  records_->over(1, {300, 4000});
  EXPECT_EQ(report().rows[0].unfinished, 1U);
}

TEST_F(Records, NobodyIsAnsweredOnceTheGateIsGone) {
  records_->close();
  bool answered = false;
  records_->ask(wish(1, "deb.example"), [&](const Result<void>&) { answered = true; });
  bench_.settle();
  EXPECT_FALSE(answered);
}

}  // namespace
}  // namespace hearth::daemon
