#include <hearth/core/units.h>

#include <gtest/gtest.h>

namespace hearth {
namespace {

using namespace std::chrono_literals;

TEST(Units, BytesAsPeopleWriteThem) {
  EXPECT_EQ(parse_bytes("4096").value(), 4096U);
  EXPECT_EQ(parse_bytes("200 MB").value(), 200'000'000U);
  EXPECT_EQ(parse_bytes("64MiB").value(), 64U << 20U);
  EXPECT_EQ(parse_bytes(" 1.5 GiB ").value(), 3ULL << 29U);
  EXPECT_EQ(parse_bytes("0").value(), 0U);
}

TEST(Units, WhatIsNotASizeIsRefused) {
  for (const char* text : {"", "MB", "-1", "1 parsec", "nan", "inf", "1e30 TB", "1 mb", "12 MB please"})
    EXPECT_TRUE(parse_bytes(text).error().is(Errc::invalid_argument)) << text;
}

TEST(Units, DurationsAsPeopleWriteThem) {
  EXPECT_EQ(parse_duration("250ms").value(), 250ms);
  EXPECT_EQ(parse_duration("10s").value(), 10s);
  EXPECT_EQ(parse_duration("5 min").value(), 5min);
  EXPECT_EQ(parse_duration("2h").value(), 2h);
  EXPECT_EQ(parse_duration("1d").value(), 24h);
  EXPECT_EQ(parse_duration("1.5").value(), 1500ms);
  for (const char* text : {"", "s", "-5s", "1 fortnight", "1e300 d"})
    EXPECT_TRUE(parse_duration(text).error().is(Errc::invalid_argument)) << text;
}

TEST(Units, WrittenForPeople) {
  EXPECT_EQ(format_bytes(512), "512 B");
  EXPECT_EQ(format_bytes(1024), "1.0 KiB");
  EXPECT_EQ(format_bytes(37'853'594), "36.1 MiB");
  EXPECT_EQ(format_duration(250ms), "250 ms");
  EXPECT_EQ(format_duration(1240ms), "1.24 s");
  EXPECT_EQ(format_duration(200s), "3 min 20 s");
  EXPECT_EQ(format_duration(7500s), "2 h 05 min");
}

}  // namespace
}  // namespace hearth
