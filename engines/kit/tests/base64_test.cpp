#include <hearth/kit/base64.h>

#include <gtest/gtest.h>

namespace hearth::kit {
namespace {

TEST(Base64, PadsToFourCharacters) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

}  // namespace
}  // namespace hearth::kit
