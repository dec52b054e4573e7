#include "vectors.h"

#include "base64.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace hearth::tool {
Result<Vector> decode_vector(std::string_view base64) {
  HEARTH_TRY_ASSIGN(const std::string bytes, decode_base64(base64));
  if (bytes.empty() || bytes.size() % sizeof(float) != 0)
    return fail(Errc::protocol_error, "The answer holds a vector that is no row of 32-bit numbers");
  Vector out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

double cosine(const Vector& a, const Vector& b) noexcept {
  if (a.size() != b.size()) return 0;
  double dot = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i];
    const double y = b[i];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : 0;
}

std::vector<Ranked> rank(const Vector& query, const std::vector<Vector>& among, std::size_t top) {
  std::vector<Ranked> out;
  out.reserve(among.size());
  for (std::size_t i = 0; i < among.size(); ++i) out.push_back({i, cosine(query, among[i])});
  std::sort(out.begin(), out.end(), [](const Ranked& a, const Ranked& b) {
    return a.score != b.score ? a.score > b.score : a.index < b.index;
  });
  if (out.size() > top) out.resize(top);
  return out;
}

}  // namespace hearth::tool
