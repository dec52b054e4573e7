// Files within JSON: data: URLs (RFC 2397) and bare base64.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth::privacy {

bool is_data_url(std::string_view text) noexcept;
// What it holds if that is text by its media type; nullopt: it is something else, or not well-formed.
std::optional<std::string> text_of_data_url(std::string_view url);
// A kilobyte or more of nothing but base64 in which all kinds of its characters are.
bool is_long_base64(std::string_view text) noexcept;

}  // namespace hearth::privacy
