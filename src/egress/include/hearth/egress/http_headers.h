// What servers say in headers, read strictly: they decide which bytes go where. Pure; fuzzed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::egress {

// "bytes 0-499/1234", "bytes 0-499/*". The end is exclusive here.
struct ContentRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::optional<std::uint64_t> total;
};
std::optional<ContentRange> parse_content_range(std::string_view text);
// A whole number without a sign, and nothing else.
std::optional<std::uint64_t> parse_length(std::string_view text);
// The tag as If-Range takes it, with its quotes; nullopt for a weak one or none: it does not promise the same bytes.
std::optional<std::string> strong_etag(std::string_view text);
// Retry-After in seconds; its form as a date is not understood (nullopt).
std::optional<std::uint64_t> parse_retry_after(std::string_view text);

// "Bearer realm=\"https://…\",service=\"…\",scope=\"…\"" of an OCI registry.
struct Challenge {
  std::string realm;
  std::string service;
  std::string scope;
};
std::optional<Challenge> parse_challenge(std::string_view text);

// The target of `Link: <…>; rel="next"`; empty: none.
std::string next_link(std::string_view text);

// Names in lower case; of several with one name, the last.
class Headers {
 public:
  // A line as it comes, with or without its line end. What is no header, or too much, is left out.
  void add(std::string_view line);
  void clear() noexcept { fields_.clear(); }
  // Empty: not there.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;

 private:
  std::map<std::string, std::string, std::less<>> fields_;
};

}  // namespace hearth::egress
