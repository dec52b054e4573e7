// An absolute http or https URL, taken apart.
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <string>

namespace hearth::egress {

struct Url {
  bool tls = false;
  std::string host;  // lower case, an IPv6 address without brackets
  std::uint16_t port = 0;
  std::string path;  // "/v1", as it stands there; "/" at least

  // "api.openai.com", "[::1]:8000": the port only where it is not the scheme's own.
  [[nodiscard]] std::string authority() const;
};

// invalid_argument: it is none, or holds a user's name or a fragment.
Result<Url> parse_url(const std::string& text);

}  // namespace hearth::egress
