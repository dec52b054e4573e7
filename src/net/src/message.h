// Writing HTTP/1.1 by hand: heads and chunk frames as text, so that head and body leave in one write.
#pragma once

#include <hearth/net/http.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <fmt/format.h>

#include <string>
#include <string_view>

namespace hearth::net {

using StreamSocket = boost::asio::generic::stream_protocol::socket;

inline bool is_clean_field(std::string_view text) noexcept {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

// Piece by piece: to format them costs as much as all else that is done for a head.
inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}
inline void append_fields(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers.fields())
    if (is_clean_field(name) && is_clean_field(value)) append_field(out, name, value);
}
inline void append_length(std::string& out, std::size_t length) {
  append_field(out, "Content-Length", fmt::format_int(length).c_str());
}

inline constexpr std::size_t kUsualHead = 512;  // bytes

}  // namespace hearth::net
