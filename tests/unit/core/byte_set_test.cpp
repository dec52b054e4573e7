#include <hearth/core/byte_set.h>

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(ByteSet, HasWhatItsPredicateIsTrueOf) {
  constexpr ByteSet kSet([](char c) { return c == 'a' || c == '\0' || c == '\xFF'; });
  for (int i = 0; i < 256; ++i) EXPECT_EQ(kSet.contains(static_cast<char>(i)), i == 'a' || i == 0 || i == 255) << i;
  EXPECT_TRUE(kSet.contains_all(""));
  EXPECT_TRUE(kSet.contains_all(std::string_view("a\0\xFF", 3)));
  EXPECT_FALSE(kSet.contains_all("ba"));
  EXPECT_FALSE(kSet.contains_all("ab"));
}

}  // namespace
}  // namespace hearth
