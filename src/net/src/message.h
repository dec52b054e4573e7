// Writing HTTP/1.1 by hand: heads and chunk frames as text, so that head and body leave in one write.
#pragma once

#include <hearth/core/byte_set.h>
#include <hearth/net/http.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace hearth::net {

using StreamSocket = boost::asio::generic::stream_protocol::socket;

inline constexpr ByteSet kOfALine([](char c) { return c != '\r' && c != '\n' && c != '\0'; });

inline bool is_one_line(std::string_view text) noexcept {
  return kOfALine.contains_all(text);
}

// Piece by piece: to format them costs as much as all else that is done for a head.
inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}
inline void append_length(std::string& out, std::size_t length) {
  append_field(out, "Content-Length", fmt::format_int(length).c_str());
}

// What stands before a chunk.
inline void append_chunk_size(std::string& out, std::size_t size) {
  std::array<char, 2 * sizeof(size)> digits;  // NOLINT(cppcoreguidelines-pro-type-member-init): written to
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  out.append(std::string_view(digits.data(), end)).append("\r\n");
}

inline constexpr std::size_t kUsualHead = 512;  // bytes

}  // namespace hearth::net
