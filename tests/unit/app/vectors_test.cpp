#include "vectors.h"

#include "base64.h"

#include <gtest/gtest.h>

namespace hearth::tool {
namespace {

TEST(Base64, KnownAnswers) {  // RFC 4648, section 10
  const std::pair<const char*, const char*> known[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : known) {
    EXPECT_EQ(encode_base64(plain), encoded);
    EXPECT_EQ(decode_base64(encoded).value(), plain);
  }
}

TEST(Base64, EveryByteSurvives) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(decode_base64(encode_base64(all)).value(), all);
}

TEST(Base64, RefusesWhatItIsNot) {
  EXPECT_FALSE(decode_base64("a*bc"));
  EXPECT_FALSE(decode_base64("abcde"));
}

TEST(DecodeVector, ReadsLittleEndianFloats) {
  EXPECT_EQ(decode_vector(encode_base64(std::string("\x00\x00\x80\x3f\x00\x00\x20\xc0", 8))).value(),
            (Vector{1.0F, -2.5F}));
  EXPECT_FALSE(decode_vector("AAA=")) << "two bytes are no float";
  EXPECT_FALSE(decode_vector(""));
}

TEST(Cosine, OfKnownAngles) {
  EXPECT_NEAR(cosine({1, 0}, {2, 0}), 1, 1e-9);
  EXPECT_NEAR(cosine({1, 0}, {0, 3}), 0, 1e-9);
  EXPECT_NEAR(cosine({1, 1}, {-1, -1}), -1, 1e-9);
  EXPECT_EQ(cosine({0, 0}, {1, 1}), 0) << "nothing is near to zeros";
  EXPECT_EQ(cosine({1}, {1, 2}), 0);
}

TEST(Rank, NearestFirstAndEqualOnesInTheirOrder) {
  const std::vector<Vector> among{{0, 1}, {1, 0}, {1, 1}, {2, 0}};
  const auto ranked = rank({1, 0}, among, 3);
  ASSERT_EQ(ranked.size(), 3U);
  EXPECT_EQ(ranked[0].index, 1U);
  EXPECT_EQ(ranked[1].index, 3U);
  EXPECT_EQ(ranked[2].index, 2U);
}

}  // namespace
}  // namespace hearth::tool
