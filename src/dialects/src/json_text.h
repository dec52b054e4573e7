// JSON's tokens as text: what On-Demand leaves to whoever reads a raw token.
#pragma once

#include <string>
#include <string_view>

namespace hearth::dialects::json {

constexpr bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// RFC 8259, section 6.
bool is_number(std::string_view token) noexcept;

enum class Unescape { ok, bad_escape, lone_surrogate };
// Appends what stands between a string's quotes, with its escapes resolved. After a failure `out` holds a part of it.
Unescape append_unescaped(std::string& out, std::string_view raw);

}  // namespace hearth::dialects::json
