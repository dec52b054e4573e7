#include "page_range.h"

#include <gtest/gtest.h>

namespace hearth::tool {
namespace {

TEST(PageRange, CountsFromOneAndAnswersFromZero) {
  EXPECT_EQ(parse_page_range("1-3,7").value(), (std::vector<int>{0, 1, 2, 6}));
  EXPECT_EQ(parse_page_range("5").value(), (std::vector<int>{4}));
  EXPECT_EQ(parse_page_range("9,2-3").value(), (std::vector<int>{8, 1, 2}));
}

TEST(PageRange, RefusesTheRest) {
  for (const char* wrong : {"", "0", "3-1", "a", "1-", "-2", "1,,2", "1-3-5", "99999999999", "1 - 2"})
    EXPECT_FALSE(parse_page_range(wrong)) << wrong;
  EXPECT_FALSE(parse_page_range("1-20000")) << "bounded";
  EXPECT_TRUE(parse_page_range("1-10000"));
}

}  // namespace
}  // namespace hearth::tool
