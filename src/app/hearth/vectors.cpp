#include "vectors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>

namespace hearth::tool {
namespace {

constexpr std::array<std::int8_t, 256> make_table() {
  std::array<std::int8_t, 256> table{};
  for (auto& entry : table) entry = -1;
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}
constexpr std::array<std::int8_t, 256> kValues = make_table();

}  // namespace

Result<std::string> decode_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const std::int8_t value = kValues[static_cast<unsigned char>(c)];
    if (value < 0) return fail(Errc::protocol_error, "The answer holds base64 that can't be read");
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> static_cast<unsigned>(held) & 0xFFU);
  }
  if (text.size() % 4 == 1) return fail(Errc::protocol_error, "The answer holds base64 that is cut short");
  return out;
}

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
  std::stable_sort(out.begin(), out.end(), [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
  if (out.size() > top) out.resize(top);
  return out;
}

}  // namespace hearth::tool
