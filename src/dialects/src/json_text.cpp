#include "src/json_text.h"

#include <hearth/core/utf8.h>

#include <cstdint>
#include <optional>

namespace hearth::dialects::json {

namespace {

std::size_t digits(std::string_view text, std::size_t from) noexcept {
  std::size_t i = from;
  while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
  return i - from;
}

std::optional<std::uint32_t> hex4(std::string_view text) noexcept {
  if (text.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    value <<= 4U;
    if (c >= '0' && c <= '9') {
      value |= static_cast<std::uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value |= static_cast<std::uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      value |= static_cast<std::uint32_t>(c - 'A' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

// `rest` begins after "\u"; what was read is removed from it.
Unescape append_code_point(std::string& out, std::string_view& rest) {
  const auto first = hex4(rest);
  if (!first) return Unescape::bad_escape;
  rest.remove_prefix(4);
  if (*first < 0xD800 || *first > 0xDFFF) {
    append_utf8(out, *first);
    return Unescape::ok;
  }
  if (*first > 0xDBFF || !rest.starts_with("\\u")) return Unescape::lone_surrogate;
  const auto second = hex4(rest.substr(2));
  if (!second) return Unescape::bad_escape;
  if (*second < 0xDC00 || *second > 0xDFFF) return Unescape::lone_surrogate;
  rest.remove_prefix(6);
  append_utf8(out, 0x10000U + ((*first - 0xD800U) << 10U) + (*second - 0xDC00U));
  return Unescape::ok;
}

std::optional<char> simple_escape(char c) noexcept {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return std::nullopt;
  }
}

}  // namespace

bool is_number(std::string_view token) noexcept {
  std::size_t i = token.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits(token, i);
  if (whole == 0 || (whole > 1 && token[i] == '0')) return false;
  i += whole;
  if (i < token.size() && token[i] == '.') {
    const std::size_t fraction = digits(token, i + 1);
    if (fraction == 0) return false;
    i += 1 + fraction;
  }
  if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
    ++i;
    if (i < token.size() && (token[i] == '+' || token[i] == '-')) ++i;
    const std::size_t exponent = digits(token, i);
    if (exponent == 0) return false;
    i += exponent;
  }
  return i == token.size();
}

Unescape append_unescaped(std::string& out, std::string_view raw) {
  while (true) {
    const std::size_t slash = raw.find('\\');
    if (slash == std::string_view::npos) {
      out.append(raw);
      return Unescape::ok;
    }
    out.append(raw.substr(0, slash));
    if (slash + 1 >= raw.size()) return Unescape::bad_escape;
    const char kind = raw[slash + 1];
    raw.remove_prefix(slash + 2);
    if (kind == 'u') {
      const Unescape result = append_code_point(out, raw);
      if (result != Unescape::ok) return result;
      continue;
    }
    const auto c = simple_escape(kind);
    if (!c) return Unescape::bad_escape;
    out.push_back(*c);
  }
}

}  // namespace hearth::dialects::json
