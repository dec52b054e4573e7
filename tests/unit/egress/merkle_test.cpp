#include <hearth/core/ids.h>
#include <hearth/egress/merkle.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <span>

namespace hearth::egress {
namespace {

std::string hex(const Hash& hash) {
  return to_hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

// The definition in RFC 6962, section 2.1, as it stands there.
Hash reference_root(std::span<const Hash> leaves) {
  if (leaves.empty()) return CompactRange().root();
  if (leaves.size() == 1) return leaves[0];
  const std::size_t split = std::bit_floor(leaves.size() - 1);
  return node_hash(reference_root(leaves.first(split)), reference_root(leaves.subspan(split)));
}

std::vector<Hash> some_leaves(std::size_t count) {
  std::vector<Hash> leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back(leaf_hash("leaf " + std::to_string(i)));
  return leaves;
}

CompactRange range_of(std::span<const Hash> leaves, std::size_t begin, std::size_t end) {
  CompactRange range(begin);
  for (std::size_t i = begin; i < end; ++i) range.append(leaves[i]);
  return range;
}

// The inputs and roots that implementations of certificate transparency test themselves with.
TEST(Merkle, KnownAnswers) {
  const std::array<std::string, 8> inputs{"",
                                          std::string(1, '\0'),
                                          "\x10",
                                          "\x20\x21",
                                          "\x30\x31",
                                          "\x40\x41\x42\x43",
                                          "\x50\x51\x52\x53\x54\x55\x56\x57",
                                          "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
  const std::array<std::string_view, 8> roots{"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                              "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                              "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                              "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                              "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                              "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                              "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                              "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  CompactRange tree;
  EXPECT_EQ(hex(tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    tree.append(leaf_hash(inputs[i]));
    EXPECT_EQ(hex(tree.root()), roots[i]) << i + 1;
  }
}

RC_GTEST_PROP(Merkle, TheFrontiersRootIsTheDefinitions, ()) {
  const auto leaves = some_leaves(*rc::gen::inRange<std::size_t>(0, 300));
  RC_ASSERT(range_of(leaves, 0, leaves.size()).root() == reference_root(leaves));
}

RC_GTEST_PROP(Merkle, RangesComeBackFromBytesAndJoin, ()) {
  const auto leaves = some_leaves(*rc::gen::inRange<std::size_t>(0, 300));
  const auto a = *rc::gen::inRange<std::size_t>(0, leaves.size() + 1);
  const auto b = *rc::gen::inRange<std::size_t>(a, leaves.size() + 1);
  auto tree = range_of(leaves, 0, a);
  for (const auto& part : {range_of(leaves, a, b), range_of(leaves, b, leaves.size())}) {
    const auto again = CompactRange::from(part.begin(), part.end(), part.bytes());
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == part);
    RC_ASSERT(tree.merge(*again));
  }
  RC_ASSERT(tree == range_of(leaves, 0, leaves.size()));
}

TEST(Merkle, ARangeOfAnotherSizeIsRefused) {
  const auto leaves = some_leaves(11);
  const std::string bytes = range_of(leaves, 3, 11).bytes();
  EXPECT_TRUE(CompactRange::from(3, 11, bytes));
  EXPECT_FALSE(CompactRange::from(3, 10, bytes));
  EXPECT_FALSE(CompactRange::from(11, 3, bytes));
  EXPECT_FALSE(CompactRange::from(3, 11, bytes.substr(1)));
  EXPECT_FALSE(CompactRange::from(3, 11, bytes + bytes));
  EXPECT_FALSE(CompactRange::from(0, ~std::uint64_t{0}, ""));
  CompactRange tree = range_of(leaves, 0, 4);
  EXPECT_FALSE(tree.merge(range_of(leaves, 5, 11)));
  EXPECT_EQ(tree, range_of(leaves, 0, 4));
}

}  // namespace
}  // namespace hearth::egress
