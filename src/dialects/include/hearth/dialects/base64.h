// Base64 (RFC 4648, section 4) for data URLs, audio events and annotated images.
#pragma once

#include <hearth/dialects/api_error.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace hearth::dialects {

void append_base64(std::string& out, std::string_view bytes);

// Bytes that `encoded` well-formed characters decode to, at most.
constexpr std::size_t base64_decoded_bound(std::size_t encoded) noexcept {
  return encoded / 4 * 3 + 3;
}

// Decodes in pieces of any size. Strict: the standard alphabet, padding where it belongs and nothing after it, no white
// space, unused bits zero. One object per text; not reusable after an error.
class Base64Decoder {
 public:
  // Appends the decoded bytes to `out`. invalid_data_url; its message gives the position of the wrong character.
  Decoded<void> push(std::string_view encoded, std::string& out);
  // To be called at the end: fails when the text stops within a group of four.
  [[nodiscard]] Decoded<void> finish() const;

 private:
  std::array<char, 4> group_{};
  std::size_t held_ = 0;
  std::size_t consumed_ = 0;
  bool ended_ = false;
};

// All at once.
Decoded<std::string> decode_base64(std::string_view encoded);

}  // namespace hearth::dialects
