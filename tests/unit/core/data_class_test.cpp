#include <hearth/core/data_class.h>

#include <gtest/gtest.h>

namespace hearth {
namespace {

constexpr std::array kAll{DataClass::open, DataClass::internal, DataClass::personal, DataClass::secret};

TEST(DataClassTest, AWordNamesItsClassAndBack) {
  for (const DataClass c : kAll) EXPECT_EQ(parse_data_class(to_string(c)), c);
  EXPECT_EQ(parse_data_class("Public"), std::nullopt);
  EXPECT_EQ(parse_data_class(""), std::nullopt);
}

// The laws of a join: what is made of several things is never less confidential than one of them, in whatever order
// they came.
TEST(DataClassTest, AJoinIsTheLeastClassAboveBoth) {
  for (const DataClass a : kAll) {
    EXPECT_EQ(join(a, a), a);
    for (const DataClass b : kAll) {
      EXPECT_EQ(join(a, b), join(b, a));
      EXPECT_GE(join(a, b), a);
      EXPECT_TRUE(join(a, b) == a || join(a, b) == b);
      for (const DataClass c : kAll) EXPECT_EQ(join(join(a, b), c), join(a, join(b, c)));
    }
  }
}

}  // namespace
}  // namespace hearth
