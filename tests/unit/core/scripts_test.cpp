#include <hearth/core/scripts.h>
#include <hearth/core/utf8.h>

#include <gtest/gtest.h>

#include <cstdint>

namespace hearth {
namespace {

TEST(Scripts, SomeWriteWithoutSpaces) {
  for (const char32_t c : {U'你', U'の', U'カ', U'。', U'，', U'ไ', U'ក'})
    EXPECT_TRUE(writes_without_spaces(c)) << static_cast<std::uint32_t>(c);
  for (const char32_t c : {U'a', U'é', U'한', U'ㅎ', U'я', U'א', U'.', U'💡'})
    EXPECT_FALSE(writes_without_spaces(c)) << static_cast<std::uint32_t>(c);
}

TEST(Scripts, ASpaceGoesBetweenSentencesThatHaveThem) {
  EXPECT_TRUE(wants_space("Hello.", "Good day"));
  EXPECT_TRUE(wants_space("안녕", "하세요"));
  EXPECT_FALSE(wants_space("你好。", "世界"));
  EXPECT_TRUE(wants_space("你好", "Linux"));
  EXPECT_TRUE(wants_space("Linux", "系统"));
  EXPECT_FALSE(wants_space("", "Hello"));
  EXPECT_FALSE(wants_space("Hello", ""));
  EXPECT_TRUE(wants_space("\xFF", "\xE4"));
}

TEST(Scripts, CharactersAtBothEndsAreDecoded) {
  for (const char32_t c : {U'a', U'ß', U'你', U'💡', static_cast<char32_t>(0x10FFFF)}) {
    std::string text;
    append_utf8(text, c);
    EXPECT_TRUE(first_character(text + "你x") == c);
    EXPECT_TRUE(last_character("x你" + text) == c);
  }
  EXPECT_TRUE(first_character("") == 0);
  EXPECT_TRUE(last_character("a\x80") == 0);
}

}  // namespace
}  // namespace hearth
