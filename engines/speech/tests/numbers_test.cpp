#include "text/numbers.h"

#include <gtest/gtest.h>

namespace hearth::speech {
namespace {

TEST(EnglishNumbers, Cardinals) {
  EXPECT_EQ(english::cardinal("0"), "zero");
  EXPECT_EQ(english::cardinal("13"), "thirteen");
  EXPECT_EQ(english::cardinal("40"), "forty");
  EXPECT_EQ(english::cardinal("100"), "one hundred");
  EXPECT_EQ(english::cardinal("1200"), "one thousand two hundred");
  EXPECT_EQ(english::cardinal("1000001"), "one million one");
  EXPECT_EQ(english::cardinal("123456789012345"),
            "one hundred twenty three trillion four hundred fifty six billion seven hundred eighty nine million twelve "
            "thousand three hundred forty five");
  EXPECT_EQ(english::cardinal("00007"), "seven");
  EXPECT_EQ(english::cardinal("1234567890123456"), english::one_by_one("1234567890123456"));
}

TEST(EnglishNumbers, Ordinals) {
  EXPECT_EQ(english::ordinal("1"), "first");
  EXPECT_EQ(english::ordinal("12"), "twelfth");
  EXPECT_EQ(english::ordinal("20"), "twentieth");
  EXPECT_EQ(english::ordinal("21"), "twenty first");
  EXPECT_EQ(english::ordinal("100"), "one hundredth");
  EXPECT_EQ(english::ordinal("8"), "eighth");
}

TEST(EnglishNumbers, Years) {
  EXPECT_EQ(english::year(1999), "nineteen ninety nine");
  EXPECT_EQ(english::year(1905), "nineteen oh five");
  EXPECT_EQ(english::year(1900), "nineteen hundred");
  EXPECT_EQ(english::year(2000), "two thousand");
  EXPECT_EQ(english::year(2007), "two thousand seven");
  EXPECT_EQ(english::year(2026), "twenty twenty six");
  EXPECT_EQ(english::year(476), "four hundred seventy six");
}

TEST(EnglishNumbers, EveryNumberHasItsOwnName) {
  std::string before;
  for (int n = 0; n < 100'000; n += 7) {
    const std::string words = english::cardinal(std::to_string(n));
    EXPECT_NE(words, before);
    EXPECT_EQ(words.find("  "), std::string::npos);
    EXPECT_EQ(words.find_first_not_of("abcdefghijklmnopqrstuvwxyz "), std::string::npos);
    before = words;
  }
}

TEST(ChineseNumbers, Cardinals) {
  EXPECT_EQ(chinese::cardinal("0"), "零");
  EXPECT_EQ(chinese::cardinal("10"), "十");
  EXPECT_EQ(chinese::cardinal("12"), "十二");
  EXPECT_EQ(chinese::cardinal("30"), "三十");
  EXPECT_EQ(chinese::cardinal("105"), "一百零五");
  EXPECT_EQ(chinese::cardinal("110"), "一百一十");
  EXPECT_EQ(chinese::cardinal("1200"), "一千二百");
  EXPECT_EQ(chinese::cardinal("1002"), "一千零二");
  EXPECT_EQ(chinese::cardinal("10010"), "一万零一十");
  EXPECT_EQ(chinese::cardinal("120000"), "十二万");
  EXPECT_EQ(chinese::cardinal("100000000"), "一亿");
  EXPECT_EQ(chinese::cardinal("100000001"), "一亿零一");
  EXPECT_EQ(chinese::one_by_one("2026"), "二零二六");
}

}  // namespace
}  // namespace hearth::speech
