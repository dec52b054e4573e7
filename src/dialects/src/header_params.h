// Parameters of MIME header values: `form-data; name="file"; filename="a b.wav"`. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth::dialects {

struct HeaderParam {
  std::string name;   // lower case
  std::string value;  // without its quotes
};

// Takes a header value apart, one parameter after the other.
class HeaderParams {
 public:
  explicit HeaderParams(std::string_view value);
  // What stands before the first ';', trimmed.
  [[nodiscard]] std::string_view head() const noexcept { return head_; }
  // The next parameter; nullopt at the end, or when the rest is malformed.
  std::optional<HeaderParam> next();
  [[nodiscard]] bool malformed() const noexcept { return malformed_; }

 private:
  std::string_view head_;
  std::string_view rest_;
  bool malformed_ = false;
};

// RFC 8187: UTF-8''na%C3%AFve.txt. nullopt if it is malformed or of another character set.
std::optional<std::string> decode_extended_value(std::string_view value);

}  // namespace hearth::dialects
