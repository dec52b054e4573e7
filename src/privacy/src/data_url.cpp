#include "src/data_url.h"

#include "src/characters.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace hearth::privacy {

namespace {

int value_of(char c) noexcept {
  if (is_upper(c)) return c - 'A';
  if (is_lower(c)) return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

// Takes both alphabets, and stops at what is in neither.
std::string decode_base64(std::string_view encoded) {
  std::string out;
  out.reserve(encoded.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : encoded) {
    if (is_blank(c)) continue;
    const int value = value_of(c);
    if (value < 0) break;
    bits = (bits << 6U | static_cast<std::uint32_t>(value)) & 0xFFFFFFU;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out.push_back(static_cast<char>((bits >> static_cast<unsigned>(held)) & 0xFFU));
  }
  return out;
}

int hex(char c) noexcept {
  return is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10;
}

std::string decode_percent(std::string_view encoded) {
  std::string out;
  out.reserve(encoded.size());
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '%' && is_hex(at(encoded, i + 1)) && is_hex(at(encoded, i + 2))) {
      out.push_back(static_cast<char>(hex(encoded[i + 1]) * 16 + hex(encoded[i + 2])));
      i += 2;
    } else {
      out.push_back(encoded[i]);
    }
  }
  return out;
}

bool is_text_type(std::string_view type) {
  constexpr std::array<std::string_view, 8> kTypes{"application/json",   "application/xml",        "application/yaml",
                                                   "application/x-yaml", "application/javascript", "application/sql",
                                                   "application/csv",    "message/rfc822"};
  if (type.empty() || begins_with(type, "text/")) return true;  // RFC 2397: text/plain if nothing is said
  return std::ranges::any_of(kTypes, [&](std::string_view known) { return begins_with(type, known); });
}

}  // namespace

DataUrl read_data_url(std::string_view text) {
  constexpr std::string_view kScheme = "data:";
  constexpr std::string_view kBase64 = ";base64";
  constexpr std::size_t kMaxHead = 200;
  if (!begins_with(text, kScheme)) return {};
  const std::size_t comma = text.substr(0, kMaxHead).find(',');
  if (comma == std::string_view::npos) return {};
  const std::string_view head = text.substr(kScheme.size(), comma - kScheme.size());
  const std::string_view payload = text.substr(comma + 1);
  if (std::ranges::any_of(head, is_blank)) return {};
  const bool base64 = head.size() >= kBase64.size() && begins_with(head.substr(head.size() - kBase64.size()), kBase64);
  if (!base64) return {DataUrlContent::text, decode_percent(payload)};
  if (!std::ranges::all_of(payload, [](char c) { return value_of(c) >= 0 || c == '=' || is_blank(c); })) return {};
  if (!is_text_type(head.substr(0, head.find(';')))) return {DataUrlContent::file, {}};
  return {DataUrlContent::text, decode_base64(payload)};
}

bool is_long_base64(std::string_view text) noexcept {
  constexpr std::size_t kLong = 1024;
  constexpr std::size_t kSample = 256;
  if (text.size() < kLong) return false;
  const std::string_view sample = text.substr(0, kSample);
  if (std::ranges::none_of(sample, is_digit) || std::ranges::none_of(sample, is_lower) ||
      std::ranges::none_of(sample, is_upper))
    return false;
  return std::ranges::all_of(text, [](char c) { return value_of(c) >= 0 || c == '='; });
}

}  // namespace hearth::privacy
