#include "src/multipart_delimiter.h"

#include <cstring>

namespace hearth::dialects {

namespace {

constexpr std::size_t kMaxPadding = 64;  // white space after a boundary ("transport padding")

}  // namespace

DelimiterEnd match_delimiter_end(std::string_view rest) noexcept {
  if (rest.starts_with("--")) return {.kind = DelimiterKind::close, .length = 2};
  if (rest == "-") return {.kind = DelimiterKind::unknown};
  std::size_t i = 0;
  while (i < rest.size() && i < kMaxPadding && (rest[i] == ' ' || rest[i] == '\t')) ++i;
  if (i == rest.size()) return {.kind = DelimiterKind::unknown};
  if (rest[i] == '\n') return {.kind = DelimiterKind::bare_lf};
  if (rest[i] != '\r') return {.kind = DelimiterKind::none};
  if (i + 1 == rest.size()) return {.kind = DelimiterKind::unknown};
  if (rest[i + 1] != '\n') return {.kind = DelimiterKind::none};
  return {.kind = DelimiterKind::next, .length = i + 2};
}

std::size_t find_delimiter(std::string_view data, std::string_view delimiter) noexcept {
  if (const void* hit = memmem(data.data(), data.size(), delimiter.data(), delimiter.size())) {
    return static_cast<std::size_t>(static_cast<const char*>(hit) - data.data());
  }
  // A beginning at the end: no boundary holds a CR, so only a CR of the tail can start one.
  std::size_t from = data.size() >= delimiter.size() ? data.size() - delimiter.size() + 1 : 0;
  while (true) {
    const std::size_t cr = data.find('\r', from);
    if (cr == std::string_view::npos) return data.size();
    if (delimiter.starts_with(data.substr(cr))) return cr;
    from = cr + 1;
  }
}

}  // namespace hearth::dialects
