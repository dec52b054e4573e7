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

inline void append_fields(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers.fields())
    if (is_clean_field(name) && is_clean_field(value))
      fmt::format_to(std::back_inserter(out), "{}: {}\r\n", name, value);
}

}  // namespace hearth::net
