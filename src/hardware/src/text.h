// Reading the kernel's text files: lines of "Name: value".
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hearth::hardware {

inline std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// Takes the first line off `text`.
inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// The value of the first line that reads "name<blank>: value"; nullopt when there is none.
inline std::optional<std::string_view> field(std::string_view text, std::string_view name, char separator = ':') {
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::size_t at = line.find(separator);
    if (at != std::string_view::npos && trim(line.substr(0, at)) == name) return trim(line.substr(at + 1));
  }
  return std::nullopt;
}

inline std::optional<std::uint64_t> leading_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc()) return std::nullopt;
  return value;
}

// "1234 kB" → bytes
inline std::optional<std::uint64_t> kilobytes(std::string_view text) {
  const auto value = leading_number(text);
  if (!value || *value > UINT64_MAX / 1024) return std::nullopt;
  return *value * 1024;
}

}  // namespace hearth::hardware
