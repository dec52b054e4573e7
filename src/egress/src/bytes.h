// Hashes as bytes.
#pragma once

#include <hearth/core/sha256.h>
#include <hearth/egress/merkle.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace hearth::egress {

inline std::optional<Hash> hash_from(std::string_view bytes) {
  Hash hash{};
  if (bytes.size() != hash.size()) return std::nullopt;
  std::copy_n(bytes.begin(), hash.size(), hash.begin());
  return hash;
}

}  // namespace hearth::egress
