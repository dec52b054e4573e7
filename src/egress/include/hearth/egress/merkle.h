// The Merkle tree of RFC 6962 (section 2.1), as far as an append-only log needs it: pure functions over hashes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::egress {

using Hash = std::array<unsigned char, 32>;  // SHA-256

// SHA-256(0x00 || data): what a leaf of the tree is.
Hash leaf_hash(std::string_view data);
// SHA-256(0x01 || left || right): an inner node.
Hash node_hash(const Hash& left, const Hash& right);

// The leaves [begin, end) as the fewest hashes that any tree over them can be computed from: the roots of the largest
// aligned perfect subtrees, from left to right; at most 2·log2(end) of them. With begin 0 it is the frontier of the
// whole tree, from which its root follows and to which leaves are appended.
class CompactRange {
 public:
  CompactRange() = default;
  explicit CompactRange(std::uint64_t begin) : begin_(begin), end_(begin) {}
  // What bytes() gave; nullopt: [begin, end) has another number of hashes, or is no range.
  static std::optional<CompactRange> from(std::uint64_t begin, std::uint64_t end, std::string_view bytes);

  void append(const Hash& leaf) { push({0, leaf}); }
  // False, and nothing is done: `next` does not begin where this one ends.
  bool merge(const CompactRange& next);

  [[nodiscard]] std::uint64_t begin() const noexcept { return begin_; }
  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
  // The tree's root. Only where begin() is 0.
  [[nodiscard]] Hash root() const;
  // The hashes, 32 bytes each.
  [[nodiscard]] std::string bytes() const;
  bool operator==(const CompactRange&) const = default;

 private:
  struct Node {
    unsigned level = 0;  // over 2^level leaves
    Hash hash{};
    bool operator==(const Node&) const = default;
  };
  void push(Node node);

  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::vector<Node> nodes_;
};

}  // namespace hearth::egress
