#include <hearth/core/utf8.h>

#include <gtest/gtest.h>

#include <string>

namespace hearth {
namespace {

std::string encode(char32_t c) {
  const auto byte = [](char32_t b) { return static_cast<char>(static_cast<unsigned char>(b)); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0U | (c >> 6U)), byte(0x80U | (c & 0x3FU))};
  if (c < 0x10000) return {byte(0xE0U | (c >> 12U)), byte(0x80U | ((c >> 6U) & 0x3FU)), byte(0x80U | (c & 0x3FU))};
  return {byte(0xF0U | (c >> 18U)), byte(0x80U | ((c >> 12U) & 0x3FU)), byte(0x80U | ((c >> 6U) & 0x3FU)),
          byte(0x80U | (c & 0x3FU))};
}

TEST(Utf8, EveryCodePointButSurrogatesIsWellFormed) {
  for (char32_t c = 0; c < 0x120000; ++c) {
    const std::string text = encode(c);
    const bool good = c < 0xD800 || (c > 0xDFFF && c <= 0x10FFFF);
    ASSERT_EQ(utf8_sequence_length(text), good ? text.size() : 0U) << static_cast<unsigned>(c);
  }
}

TEST(Utf8, EveryTruncationIsRefused) {
  for (const std::string text : {"\u00e9", "\u4f60", "\U0001F600"}) {
    for (std::size_t n = 1; n < text.size(); ++n) {
      EXPECT_EQ(utf8_sequence_length(text.substr(0, n)), 0U);
      EXPECT_FALSE(is_utf8("ok" + text.substr(0, n) + "x"));
    }
  }
}

TEST(Utf8, OverlongFormsAndStrayBytesAreRefused) {
  for (const char* text : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\x80",
                           "\xFF", "\xF8\x88\x80\x80\x80"})
    EXPECT_FALSE(is_utf8(text));
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace hearth
