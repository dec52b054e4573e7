// What a client asks of an HTTP proxy: a tunnel (CONNECT), or a plain http request with a whole URL in its first line.
// Pure; fuzzed: clients may be hostile.
#pragma once

#include <hearth/core/error.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::egress {

inline constexpr std::size_t kMaxProxyHead = 16 * 1024;

struct ProxyRequest {
  bool tunnel = false;
  std::string host;  // as parse_host() gives it
  std::uint16_t port = 0;
  // What the server gets in place of the head, when it is no tunnel: for the server itself, with a Host that agrees
  // with the URL, and `Connection: close`, so that one connection is one request to one place.
  std::string head;
};

// The end of a head that begins `text`, behind its empty line; npos: not all of it is there.
std::size_t find_head_end(std::string_view text) noexcept;
// `head` is everything up to find_head_end(). invalid_argument says what is wrong.
Result<ProxyRequest> parse_proxy_request(std::string_view head);
// The answer to a request that is not carried out. The sentence stands in the first line, where clients show it.
std::string proxy_refusal(const Error& error);

}  // namespace hearth::egress
