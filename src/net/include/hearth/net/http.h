// The parts of an HTTP/1.1 message that Hearth passes around. Plain data; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::net {

// Header fields in order of arrival. Names compare without case. Few enough that a vector beats a map.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  // Replaces all fields of that name.
  void set(std::string_view name, std::string value);
  // The first field's value; empty if there is none.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  [[nodiscard]] bool has(std::string_view name) const noexcept;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& fields() const noexcept { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

bool iequals(std::string_view a, std::string_view b) noexcept;

struct RequestHead {
  std::string method = "GET";
  std::string target = "/";  // as sent: path and query, percent-encoded
  Headers headers;

  // The target's path, percent-decoded; what follows '?' is left out.
  [[nodiscard]] std::string path() const;
  // A query parameter, percent-decoded.
  [[nodiscard]] std::optional<std::string> query(std::string_view name) const;
};

struct ResponseHead {
  int status = 0;
  Headers headers;
};

// "OK" for 200, …
std::string_view reason_phrase(int status) noexcept;
// Percent-encodes everything but RFC 3986's unreserved characters.
std::string percent_encode(std::string_view text);
std::string percent_decode(std::string_view text);

}  // namespace hearth::net
