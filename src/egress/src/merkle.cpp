#include <hearth/core/sha256.h>
#include <hearth/egress/merkle.h>

#include <algorithm>
#include <bit>
#include <limits>

namespace hearth::egress {
namespace {

constexpr char kLeaf = 0;
constexpr char kNode = 1;
constexpr std::size_t kHashSize = std::tuple_size_v<Hash>;
constexpr std::uint64_t kMaxEnd = std::numeric_limits<std::int64_t>::max();

Hash hash_of(char kind, std::string_view a, std::string_view b = {}) {
  return sha256({{&kind, 1}, a, b});
}

// Of the subtree that comes next in [at, end), at < end.
unsigned level_at(std::uint64_t at, std::uint64_t end) {
  const unsigned fits = static_cast<unsigned>(std::bit_width(end - at)) - 1;
  return at == 0 ? fits : std::min(fits, static_cast<unsigned>(std::countr_zero(at)));
}

}  // namespace

Hash leaf_hash(std::string_view data) {
  return hash_of(kLeaf, data);
}

Hash node_hash(const Hash& left, const Hash& right) {
  return hash_of(kNode, view(left), view(right));
}

std::optional<CompactRange> CompactRange::from(std::uint64_t begin, std::uint64_t end, std::string_view bytes) {
  if (begin > end || end > kMaxEnd) return std::nullopt;
  CompactRange range(begin);
  while (range.end_ < end) {
    if (bytes.size() < kHashSize) return std::nullopt;
    Node node{level_at(range.end_, end), {}};
    std::copy_n(bytes.begin(), kHashSize, node.hash.begin());
    bytes.remove_prefix(kHashSize);
    range.end_ += std::uint64_t{1} << node.level;
    range.nodes_.push_back(node);
  }
  if (!bytes.empty()) return std::nullopt;
  return range;
}

void CompactRange::push(Node node) {
  end_ += std::uint64_t{1} << node.level;
  nodes_.push_back(node);
  while (nodes_.size() > 1) {
    const Node& right = nodes_.back();
    const Node& left = nodes_[nodes_.size() - 2];
    const bool siblings = left.level == right.level && (end_ & ((std::uint64_t{2} << right.level) - 1)) == 0;
    if (!siblings) return;
    const Node parent{right.level + 1, node_hash(left.hash, right.hash)};
    nodes_.pop_back();
    nodes_.back() = parent;
  }
}

bool CompactRange::merge(const CompactRange& next) {
  if (next.begin_ != end_) return false;
  for (const Node& node : next.nodes_) push(node);
  return true;
}

Hash CompactRange::root() const {
  if (nodes_.empty()) return sha256({});
  Hash root = nodes_.back().hash;
  for (std::size_t i = nodes_.size() - 1; i > 0; --i) root = node_hash(nodes_[i - 1].hash, root);
  return root;
}

std::string CompactRange::bytes() const {
  std::string bytes;
  bytes.reserve(nodes_.size() * kHashSize);
  for (const Node& node : nodes_) bytes += view(node.hash);
  return bytes;
}

}  // namespace hearth::egress
