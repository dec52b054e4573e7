// The parts of an HTTP/1.1 message that Hearth passes around. Plain data; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::net {

// Header fields in order of arrival, as they stand in a message: one text, which is sent as it is. Names compare
// without case. Few enough that a search beats a map.
class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;
  };
  Headers() = default;
  Headers(std::initializer_list<Field> fields) {
    for (const Field& field : fields) add(field.name, field.value);
  }

  // A field that would break the message's lines is left out.
  void add(std::string_view name, std::string_view value);
  // Replaces all fields of that name.
  void set(std::string_view name, std::string_view value);
  // Keeps its memory.
  void clear() noexcept {
    text_.clear();
    kinds_ = 0;
  }
  // The first field's value; empty if there is none. Views last until the fields are changed.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  [[nodiscard]] bool has(std::string_view name) const noexcept;
  [[nodiscard]] std::vector<Field> fields() const;
  // "Name: value\r\n" each.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  [[nodiscard]] std::string_view find(std::string_view name) const noexcept;

  std::string text_;
  // A bit for each kind of name in it (by length and first letter): most of what is asked for is not there.
  std::uint64_t kinds_ = 0;
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
