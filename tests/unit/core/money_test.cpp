#include <hearth/core/money.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace hearth {
namespace {

TEST(MoneyTest, AmountsAreReadExactly) {
  EXPECT_EQ(parse_money("20").value(), 20 * kNano);
  EXPECT_EQ(parse_money("2.50").value(), 2'500'000'000);
  EXPECT_EQ(parse_money("0.000000001").value(), 1);
  EXPECT_EQ(parse_money("1000000000").value(), kMaxMoney);
  for (const char* wrong : {"", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1.0000000001", "1000000000.1",
                            "9999999999", "99999999999", "0x10", "USD"})
    EXPECT_FALSE(parse_money(wrong)) << wrong;
}

TEST(MoneyTest, AmountsAreWrittenWithAtLeastTwoDecimals) {
  EXPECT_EQ(format_money(0), "0.00");
  EXPECT_EQ(format_money(20 * kNano), "20.00");
  EXPECT_EQ(format_money(3'500'000), "0.0035");
  EXPECT_EQ(format_money(1), "0.000000001");
  EXPECT_EQ(format_money(-2'500'000'000), "-2.50");
  EXPECT_EQ(format_money(INT64_MIN), "-9223372036.854775808");
}

RC_GTEST_PROP(MoneyProperty, WhatIsWrittenReadsBack, ()) {
  const std::int64_t nano = *rc::gen::inRange<std::int64_t>(0, kMaxMoney);
  RC_ASSERT(parse_money(format_money(nano)).value() == nano);
}

TEST(MoneyTest, ACurrencyIsThreeCapitals) {
  EXPECT_TRUE(is_currency("USD"));
  for (const char* wrong : {"", "usd", "US", "USDT", "U D"}) EXPECT_FALSE(is_currency(wrong)) << wrong;
}

}  // namespace
}  // namespace hearth
