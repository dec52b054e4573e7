// Against published examples, and that one wrong digit is noticed.
#include "src/checksums.h"

#include <gtest/gtest.h>

#include <string>

namespace hearth::privacy {
namespace {

TEST(ChecksumsTest, PublishedExamplesHold) {
  EXPECT_TRUE(luhn("4111111111111111"));
  EXPECT_TRUE(luhn("79927398713"));
  EXPECT_TRUE(verhoeff("2363"));
  EXPECT_TRUE(verhoeff("123456789010"));
  EXPECT_TRUE(mod_11_2("11010519491231002X"));
  EXPECT_TRUE(is_cn_resident_id("11010519491231002X"));
  EXPECT_TRUE(is_cn_resident_id("440524188001010014"));
  EXPECT_TRUE(is_de_tax_id("86095742719"));
  EXPECT_TRUE(is_de_tax_id("65929970489"));
  EXPECT_TRUE(is_es_id("12345678Z"));
  EXPECT_TRUE(is_es_id("X1234567L"));
  EXPECT_TRUE(is_it_tax_code("MRTMTT91D08F205J"));
  EXPECT_TRUE(is_it_tax_code("RSSMRA85T10A562S"));
  EXPECT_TRUE(is_br_cpf("11144477735"));
  EXPECT_TRUE(is_nl_bsn("111222333"));
  EXPECT_TRUE(is_pl_pesel("44051401359"));
  EXPECT_TRUE(is_fr_nir("255081416802538"));
  EXPECT_TRUE(is_us_ssn("078051120"));
}

TEST(ChecksumsTest, AWrongDigitIsNoticed) {
  const auto each_change = [](std::string text, auto check) {
    for (char& c : text) {
      if (c < '0' || c > '9') continue;
      const char right = c;
      for (char wrong = '0'; wrong <= '9'; ++wrong) {
        if (wrong == right) continue;
        c = wrong;
        EXPECT_FALSE(check(text)) << text;
      }
      c = right;
    }
  };
  each_change("4111111111111111", luhn);
  each_change("123456789010", verhoeff);
  each_change("11010519491231002X", is_cn_resident_id);
  each_change("12345678Z", is_es_id);
  each_change("RSSMRA85T10A562S", is_it_tax_code);
  each_change("44051401359", is_pl_pesel);
  each_change("255081416802538", is_fr_nir);
  each_change("111222333", is_nl_bsn);
}

TEST(ChecksumsTest, WhatIsNeverIssuedIsRefused) {
  EXPECT_FALSE(is_br_cpf("11111111111"));
  EXPECT_FALSE(is_us_ssn("000123456"));
  EXPECT_FALSE(is_us_ssn("666123456"));
  EXPECT_FALSE(is_us_ssn("912345678"));
  EXPECT_FALSE(is_us_ssn("123006789"));
  EXPECT_FALSE(is_nl_bsn("000000000"));
  EXPECT_FALSE(is_date(2023, 2, 29));
  EXPECT_TRUE(is_date(2024, 2, 29));
  EXPECT_FALSE(is_date(1900, 2, 29));
  EXPECT_FALSE(is_date(2024, 13, 1));
}

}  // namespace
}  // namespace hearth::privacy
