#include <hearth/core/nearest.h>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>

namespace hearth {
namespace {

TEST(Nearest, CountsSlipsOfTheFinger) {
  EXPECT_EQ(slips("kitten", "sitting"), 3U);
  EXPECT_EQ(slips("hearth", "hearht"), 1U);  // neighbours swapped
  EXPECT_EQ(slips("", "abc"), 3U);
  EXPECT_EQ(slips("same", "same"), 0U);
}

RC_GTEST_PROP(Nearest, SlipsAreADistance, (const std::string& a, const std::string& b)) {
  const std::size_t n = slips(a, b);
  RC_ASSERT(n == slips(b, a));
  RC_ASSERT((n == 0) == (a == b));
  RC_ASSERT(n <= std::max(a.size(), b.size()));
  RC_ASSERT(n >= std::max(a.size(), b.size()) - std::min(a.size(), b.size()));
}

TEST(Nearest, FindsTheWordThatWasMeant) {
  constexpr std::array<std::string_view, 3> kKnown{"install", "rollback", "restart"};
  EXPECT_EQ(nearest("instal", kKnown), "install");
  EXPECT_EQ(nearest("rolback", kKnown), "rollback");
  EXPECT_EQ(nearest("something-else", kKnown), "");
  EXPECT_EQ(nearest("restrat", kKnown, 1), "restart");
  EXPECT_EQ(nearest("rstrt", kKnown, 1), "");
  EXPECT_EQ(nearest(std::string(1000, 'x'), kKnown, 2000), "");
}

}  // namespace
}  // namespace hearth
