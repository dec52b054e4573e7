#include <hearth/core/ids.h>
#include <hearth/core/sha256.h>

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace hearth {
namespace {

TEST(Ids, HaveTheirPrefixAndDoNotRepeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = new_id("req_");
    EXPECT_EQ(id.size(), 28U);
    EXPECT_EQ(id.rfind("req_", 0), 0U);
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789", 4), std::string::npos);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(Ids, EveryCharacterIsAsLikely) {
  std::map<char, int> counts;
  for (int i = 0; i < 6000; ++i)
    for (const char c : new_id("")) ++counts[c];
  ASSERT_EQ(counts.size(), 36U);
  // 4000 each; the standard deviation is 62, and a byte taken modulo 36 would give four of them 4500.
  for (const auto& [c, n] : counts) EXPECT_NEAR(n, 4000, 400) << c;
}

TEST(Ids, SecretsAreUrlSafe) {
  const std::string secret = new_secret(32);
  EXPECT_EQ(secret.size(), 43U);
  EXPECT_EQ(secret.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
            std::string::npos);
  EXPECT_NE(secret, new_secret(32));
}

TEST(Ids, HashesAreThePublishedOnes) {
  // FIPS 180-4's example "abc", and the empty message.
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(view(sha256({"a", "", "bc"}))), sha256_hex("abc"));
  EXPECT_EQ(to_hex(view(sha256({}))), sha256_hex(""));
  EXPECT_EQ(to_hex(std::string_view("\x00\x7f\xff", 3)), "007fff");
}

}  // namespace
}  // namespace hearth
