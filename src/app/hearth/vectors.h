// Embeddings as they come from the API, and how near they are to each other.
#pragma once

#include <hearth/core/error.h>

#include <string_view>
#include <vector>

namespace hearth::tool {

using Vector = std::vector<float>;

// Base64 of little-endian 32-bit floats, as `encoding_format: base64` sends them. protocol_error.
Result<Vector> decode_vector(std::string_view base64);
// Cosine of the angle between both, -1 to 1; 0 if one is all zeros or the sizes differ.
double cosine(const Vector& a, const Vector& b) noexcept;

struct Ranked {
  std::size_t index = 0;
  double score = 0;
};
// The nearest first; equal ones in their order. At most `top`.
std::vector<Ranked> rank(const Vector& query, const std::vector<Vector>& among, std::size_t top);

}  // namespace hearth::tool
