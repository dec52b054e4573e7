#include "src/values.h"

#include <hearth/core/log.h>
#include <hearth/core/units.h>
#include <hearth/core/utf8.h>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace hearth::config {
namespace {

// What a person typed, cut and escaped for an error message.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 60;
  std::string out;
  log::append_json_string(out, text.substr(0, kMost));
  return fmt::format("'{}{}'", std::string_view(out).substr(1, out.size() - 2), text.size() > kMost ? "…" : "");
}

template <typename T, typename Write>
Result<T> within(T value, Range<T> range, Write write) {
  if (value < range.min || value > range.max)
    return fail(Errc::invalid_argument,
                fmt::format("{} is out of range; use {} to {}", write(value), write(range.min), write(range.max)));
  return value;
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  return ec == std::errc() && end == text.data() + text.size() && port <= 65535;
}

bool is_ip(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> buffer{};
  return inet_pton(family, std::string(text).c_str(), buffer.data()) == 1;
}

bool is_host_name(std::string_view text) {
  const auto ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_';
  };
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.front() != '-' &&
         std::ranges::all_of(text, ok);
}

bool is_bracketed_ip6(std::string_view text) {
  return text.size() > 2 && text.front() == '[' && text.back() == ']' &&
         is_ip(AF_INET6, text.substr(1, text.size() - 2));
}

}  // namespace

Result<std::uint64_t> read_size(std::string_view text, SizeRange range) {
  const auto value = parse_bytes(text);
  if (!value)
    return fail(Errc::invalid_argument, fmt::format("{} is not a size; write it like 64 MiB or 200 MB", shown(text)));
  return within(*value, range, write_size);
}

Result<std::uint64_t> read_number(std::string_view text, NumberRange range) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size())
    return fail(Errc::invalid_argument,
                fmt::format("{} is not a whole number from {} to {}", shown(text), range.min, range.max));
  return within(value, range, [](std::uint64_t v) { return fmt::format("{}", v); });
}

Result<std::chrono::milliseconds> read_duration(std::string_view text, DurationRange range) {
  const auto value = parse_duration(text);
  if (!value)
    return fail(Errc::invalid_argument,
                fmt::format("{} is not a duration; write it like 250ms, 30s, 5min or 2h", shown(text)));
  return within(*value, range, write_duration);
}

Result<bool> read_bool(std::string_view text) {
  for (const std::string_view yes : {"true", "yes", "on"})
    if (text == yes) return true;
  for (const std::string_view no : {"false", "no", "off"})
    if (text == no) return false;
  return fail(Errc::invalid_argument, fmt::format("{} is neither true nor false", shown(text)));
}

Result<std::size_t> read_choice(std::string_view text, const std::vector<std::string_view>& choices) {
  const auto found = std::ranges::find(choices, text);
  if (found == choices.end())
    return fail(Errc::invalid_argument, fmt::format("{} is not one of: {}", shown(text), fmt::join(choices, ", ")));
  return static_cast<std::size_t>(found - choices.begin());
}

Result<void> check_listen_address(std::string_view text) {
  constexpr std::string_view kExample = "write it like 127.0.0.1:8420, [::1]:8420, 0.0.0.0:8420 or unix:/run/name.sock";
  if (text.starts_with("unix:/")) {
    constexpr std::size_t kMaxUnixPath = 107;  // sockaddr_un::sun_path without its NUL
    if (text.size() > 6 && text.size() - 5 <= kMaxUnixPath) return {};
    return fail(Errc::invalid_argument,
                fmt::format("{} is not a socket path of at most {} bytes", shown(text), kMaxUnixPath));
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_port(text.substr(colon + 1)))
    return fail(Errc::invalid_argument, fmt::format("{} is not an address with a port; {}", shown(text), kExample));
  const std::string_view host = text.substr(0, colon);
  if (is_ip(AF_INET, host) || is_bracketed_ip6(host)) return {};
  return fail(Errc::invalid_argument, fmt::format("{} does not start with an IP address; {}", shown(text), kExample));
}

Result<void> check_host(std::string_view text) {
  if (is_host_name(text) || is_ip(AF_INET6, text)) return {};
  return fail(
      Errc::invalid_argument,
      fmt::format("{} is not a host name; write it like box.example.org, without http:// and port", shown(text)));
}

Result<void> check_origin(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme != std::string_view::npos && is_host_name(text.substr(0, scheme))) {
    std::string_view host = text.substr(scheme + 3);
    const std::size_t colon = host.rfind(':');
    if (colon != std::string_view::npos && is_port(host.substr(colon + 1))) host = host.substr(0, colon);
    if (is_host_name(host) || is_bracketed_ip6(host)) return {};
  }
  return fail(
      Errc::invalid_argument,
      fmt::format("{} is not an origin; write it like https://example.org or http://box.local:3000", shown(text)));
}

Result<void> check_hours(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_time = [&](std::string_view t) {
    return digit(t[0]) && digit(t[1]) && t[2] == ':' && digit(t[3]) && digit(t[4]) && t.substr(0, 2) <= "24" &&
           t.substr(3) <= "59";
  };
  if (text.size() == 11 && text[5] == '-' && is_time(text.substr(0, 5)) && is_time(text.substr(6)) &&
      text.substr(0, 2) != "24" && text.substr(6) <= "24:00")
    return {};
  return fail(Errc::invalid_argument, fmt::format("{} are no hours; write them like 22:00-06:00", shown(text)));
}

Result<void> check_web_url(std::string_view text) {
  const bool web = text.starts_with("https://") || text.starts_with("http://");
  const bool plain = std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (web && plain && text.size() <= 500 && text.find_first_of("?#@") == std::string_view::npos) return {};
  return fail(Errc::invalid_argument,
              fmt::format("{} is no URL that can stand here; write it like https://ops.example/hooks", shown(text)));
}

std::string write_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits{"B", "KiB", "MiB", "GiB"};
  std::size_t unit = 0;
  while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", bytes, kUnits[unit]);
}

std::string write_duration(std::chrono::milliseconds d) {
  const auto ms = d.count();
  if (ms == 0) return "0s";
  if (ms % 3'600'000 == 0) return fmt::format("{}h", ms / 3'600'000);
  if (ms % 60'000 == 0) return fmt::format("{}min", ms / 60'000);
  if (ms % 1000 == 0) return fmt::format("{}s", ms / 1000);
  return fmt::format("{}ms", ms);
}

bool is_found_kind(std::string_view text) noexcept {
  return std::ranges::find(kFoundKinds, text) != kFoundKinds.end();
}

bool is_name(std::string_view text) {
  constexpr std::size_t kMost = 200;
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !text.empty() && text.size() <= kMost && is_utf8(text) && std::ranges::none_of(text, control) &&
         text.front() != ' ' && text.back() != ' ';
}

Result<void> check_name(std::string_view text) {
  if (is_name(text)) return {};
  return fail(Errc::invalid_argument, fmt::format("{} is no name", shown(text)));
}

Result<void> check_word(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](unsigned char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '\\' && c != '[' && c != ']' && c != ';' && c != '#';
  });
  if (!text.empty() && text.size() <= 1024 && plain) return {};
  return fail(Errc::invalid_argument,
              "must be one word of printable characters, without quotes, brackets and backslashes");
}

std::string write_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ", ";
    log::append_json_string(out, item);
  }
  return out + "]";
}

}  // namespace hearth::config
