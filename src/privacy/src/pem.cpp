#include "src/characters.h"
#include "src/secrets.h"

#include <algorithm>

namespace hearth::privacy {

namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::size_t kMaxHeader = 64;
constexpr std::size_t kMaxBlock = 64 * 1024;  // an RSA key of 16,384 bits takes 13 KB
constexpr std::size_t kLeastData = 32;

constexpr bool is_base64(char c) noexcept {
  return is_alnum(c) || c == '+' || c == '/' || c == '=';
}

// As far as lines of base64 go on: what is left of a key that was cut off.
std::size_t skip_base64_lines(std::string_view text, std::size_t i) {
  constexpr std::size_t kLine = 16;
  const std::size_t stop = std::min(text.size(), i + kMaxBlock);
  while (i < stop) {
    std::size_t line = i;
    while (line < stop && (is_blank(text[line]) || text.substr(line).starts_with("\\n")))
      line += text[line] == '\\' ? 2U : 1U;
    std::size_t end = line;
    while (end < stop && is_base64(text[end])) ++end;
    if (end - line < kLine) break;
    i = end;
  }
  return i;
}

}  // namespace

std::optional<Hit> match_pem(Source& source, std::size_t dashes, std::size_t& next_end) {
  const std::string_view text = source.text;
  if (!text.substr(dashes).starts_with(kBegin)) return std::nullopt;
  const std::string_view header = text.substr(dashes + kBegin.size(), kMaxHeader);
  const std::size_t label = header.find(kDashes);
  if (label == std::string_view::npos || !header.substr(0, label).contains("PRIVATE KEY")) return std::nullopt;
  const std::size_t data = dashes + kBegin.size() + label + kDashes.size();
  source.work += kMaxHeader;

  if (next_end < data) {
    next_end = text.find(kEnd, data);
    source.work += std::min(next_end, text.size()) - data;
  }
  if (next_end != std::string_view::npos && next_end - data <= kMaxBlock) {
    if (next_end - data < kLeastData) return std::nullopt;
    const std::size_t closing =
        text.substr(0, std::min(text.size(), next_end + kMaxHeader)).find(kDashes, next_end + kEnd.size());
    const std::size_t end = closing == std::string_view::npos ? next_end + kEnd.size() : closing + kDashes.size();
    return Hit{dashes, end, Kind::private_key, Evidence::shape, "pem"};
  }
  const std::size_t end = skip_base64_lines(text, data);
  source.work += end - data;
  if (end - data < kLeastData) return std::nullopt;
  return Hit{dashes, end, Kind::private_key, Evidence::shape, "pem"};
}

}  // namespace hearth::privacy
