// The HTTP proxy that stands between this box and the world, where there is one: taken from http_proxy, https_proxy and
// no_proxy, as other programs do. Pure.
#pragma once

#include <hearth/egress/destination.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::egress {

struct OuterProxy {
  std::string host;  // as parse_host() gives it
  std::uint16_t port = 0;
  std::string authorization;        // "Basic …"; empty: none
  std::vector<std::string> except;  // ".example.com", "example.com", "*"
  bool operator==(const OuterProxy&) const = default;
};

// "http://[USER:PASSWORD@]HOST[:PORT]", and no_proxy's list. Empty: no proxy. invalid_argument.
Result<std::optional<OuterProxy>> parse_outer_proxy(std::string_view url, std::string_view no_proxy);
// Not for addresses and names of one's own network, nor for what no_proxy names.
bool goes_through(const OuterProxy& proxy, const Destination& to, const Allowance& allowance);
// What it is asked for.
std::string tunnel_request(const OuterProxy& proxy, const Destination& to);
// Its answer, whose head is whole: ok when the tunnel stands. unavailable, permission_denied.
Result<void> check_tunnel_answer(std::string_view head, const OuterProxy& proxy);

}  // namespace hearth::egress
