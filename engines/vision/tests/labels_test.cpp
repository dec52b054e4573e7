#include "labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::vision {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Labels, EmptyMeansAll) {
  EXPECT_THAT(*parse_labels(""), ElementsAre(Label::person, Label::face));
}

TEST(Labels, AreTakenInOrderAndOnce) {
  EXPECT_THAT(*parse_labels("face"), ElementsAre(Label::face));
  EXPECT_THAT(*parse_labels("face,person,face"), ElementsAre(Label::face, Label::person));
}

TEST(Labels, UnknownOnesAreNamedWithThoseThereAre) {
  for (const char* text : {"cat", "person,", ",", "Person", "person face", "person,\xff\n"}) {
    const auto labels = parse_labels(text);
    ASSERT_FALSE(labels) << text;
    EXPECT_TRUE(labels.error().is(Errc::invalid_argument));
    EXPECT_THAT(labels.error().message(), HasSubstr("person and face"));
    EXPECT_EQ(labels.error().message().find('\n'), std::string::npos);
  }
  EXPECT_LT(parse_labels(std::string(100000, 'x')).error().message().size(), 200U);
}

}  // namespace
}  // namespace hearth::vision
