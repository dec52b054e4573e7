// How one value is read from text, checked and written back. Each function is the inverse of its neighbour.
#pragma once

#include <hearth/core/error.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::config {

template <typename T>
struct Range {
  T min;
  T max;
};
using SizeRange = Range<std::uint64_t>;
using NumberRange = Range<std::uint64_t>;
using DurationRange = Range<std::chrono::milliseconds>;

// What the detectors find, by the names of docs/privacy.md. (The room that finds them is above this one; a test of the
// gateway's holds the two together.)
inline constexpr std::array<std::string_view, 8> kFoundKinds{"email",       "phone",       "card",    "iban",
                                                             "national_id", "private_key", "api_key", "password"};
bool is_found_kind(std::string_view text) noexcept;
// A name that people choose, of a key or a model; ids are names, too.
bool is_name(std::string_view text);
Result<void> check_name(std::string_view text);

// All fail with invalid_argument: what is expected, without where it was written.
Result<std::uint64_t> read_size(std::string_view text, SizeRange range);
Result<std::uint64_t> read_number(std::string_view text, NumberRange range);
Result<std::chrono::milliseconds> read_duration(std::string_view text, DurationRange range);
Result<bool> read_bool(std::string_view text);
Result<std::size_t> read_choice(std::string_view text, const std::vector<std::string_view>& choices);
Result<void> check_listen_address(std::string_view text);  // "127.0.0.1:8420", "[::1]:0", "unix:/run/x.sock"
Result<void> check_host(std::string_view text);            // a host name or IP literal, without port or scheme
Result<void> check_word(std::string_view text);            // a name, path or URL without blanks and quotes
Result<void> check_origin(std::string_view text);          // "https://example.org", "http://box.local:3000"

Result<void> check_hours(std::string_view text);    // "22:00-06:00"
Result<void> check_web_url(std::string_view text);  // "https://ops.example/hooks"

// The shortest text that reads back to exactly this value.
std::string write_size(std::uint64_t bytes);
std::string write_duration(std::chrono::milliseconds d);
std::string write_list(const std::vector<std::string>& items);

}  // namespace hearth::config
