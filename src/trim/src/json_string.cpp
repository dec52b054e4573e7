#include "src/json_string.h"

#include "src/characters.h"

#include <hearth/core/log.h>
#include <hearth/core/utf8.h>

namespace hearth::trim {
namespace {

std::optional<char32_t> unit_at(std::string_view raw, std::size_t i) {
  if (i + 4 > raw.size()) return std::nullopt;
  char32_t value = 0;
  for (const char c : raw.substr(i, 4)) {
    if (!is_hex(c)) return std::nullopt;
    value = value * 16 + static_cast<char32_t>(is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10);
  }
  return value;
}

// "\uXXXX", whose digits begin at `i`; where it ends.
std::optional<std::size_t> append_unit(std::string& out, std::string_view raw, std::size_t i) {
  const auto first = unit_at(raw, i);
  if (!first || (*first >= 0xDC00 && *first <= 0xDFFF)) return std::nullopt;
  if (*first < 0xD800 || *first > 0xDBFF) {
    append_utf8(out, *first);
    return i + 4;
  }
  if (raw.substr(i + 4, 2) != "\\u") return std::nullopt;
  const auto second = unit_at(raw, i + 6);
  if (!second || *second < 0xDC00 || *second > 0xDFFF) return std::nullopt;
  append_utf8(out, 0x10000 + ((*first - 0xD800) << 10U) + (*second - 0xDC00));
  return i + 10;
}

}  // namespace

std::optional<std::string> decode_string(std::string_view token) {
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return std::nullopt;
  const std::string_view raw = token.substr(1, token.size() - 2);
  std::string out;
  out.reserve(raw.size());
  std::size_t i = 0;
  for (;;) {
    const std::size_t slash = raw.find('\\', i);
    out.append(raw.substr(i, slash - i));
    if (slash == std::string_view::npos) return out;
    if (slash + 1 >= raw.size()) return std::nullopt;
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    const char c = raw[slash + 1];
    i = slash + 2;
    if (c == 'u') {
      const auto end = append_unit(out, raw, i);
      if (!end) return std::nullopt;
      i = *end;
    } else if (const std::size_t which = kFrom.find(c); which != std::string_view::npos) {
      out.push_back(kTo[which]);
    } else {
      return std::nullopt;
    }
  }
}

std::string encode_string(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 16 + 2);
  log::append_json_string(out, text);
  return out;
}

}  // namespace hearth::trim
