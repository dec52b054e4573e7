// Files within JSON: data: URLs (RFC 2397) and bare base64.
#pragma once

#include <string>
#include <string_view>

namespace hearth::privacy {

enum class DataUrlContent {
  none,  // it is no data: URL, or not a well-formed one: read it as the text that it is
  text,
  file,
};
struct DataUrl {
  DataUrlContent content = DataUrlContent::none;
  std::string text;  // decoded; what is not base64 is text, whatever it says of itself
};
DataUrl read_data_url(std::string_view text);
// A kilobyte or more of nothing but base64 in which all kinds of its characters are.
bool is_long_base64(std::string_view text) noexcept;

}  // namespace hearth::privacy
