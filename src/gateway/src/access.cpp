#include <hearth/gateway/access.h>

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::gateway {

using dialects::ApiCode;
using dialects::reject;

std::string host_name(std::string_view header) {
  std::string host;
  if (header.starts_with('[')) {  // [::1]:8420
    const auto end = header.find(']');
    if (end == std::string_view::npos) return {};
    host = std::string(header.substr(1, end - 1));
  } else {
    host = std::string(header.substr(0, header.find(':')));
  }
  if (host.ends_with('.')) host.pop_back();
  std::ranges::transform(host, host.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return host;
}

bool is_ip_literal(std::string_view host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  const std::string text(host);
  return ::inet_pton(AF_INET, text.c_str(), ignored.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), ignored.data()) == 1;
}

namespace {

bool has(const std::vector<std::string>& list, std::string_view item) {
  return std::ranges::find(list, item) != list.end();
}

// A rebinding attack needs a name that its owner points at this box: an address cannot be rebound.
bool host_allowed(std::string_view host, const AccessPolicy& policy) {
  return !host.empty() && (host == "localhost" || host.ends_with(".localhost") || is_ip_literal(host) ||
                           has(policy.allowed_hosts, host));
}

}  // namespace

dialects::Decoded<> check_host_and_origin(const net::Headers& headers, const AccessPolicy& policy) {
  const std::string host = host_name(headers.get("Host"));
  if (!host_allowed(host, policy)) {
    return reject(
        ApiCode::host_not_allowed,
        fmt::format(
            "this box does not answer to the host name '{}'; add it to server.allowed_hosts in hearth.yaml if it "
            "should",
            host.substr(0, 100)));
  }
  const std::string_view origin = headers.get("Origin");
  if (origin.empty() || has(policy.allowed_origins, origin) || has(policy.allowed_origins, "*")) return {};
  const auto scheme = origin.find("://");
  const std::string origin_host =
      scheme == std::string_view::npos ? std::string() : host_name(origin.substr(scheme + 3));
  // The box's own pages, and those of programs on the same machine.
  if (origin_host == host && host_allowed(origin_host, policy)) return {};
  if (origin_host == "localhost" || origin_host == "127.0.0.1" || origin_host == "::1") return {};
  return reject(
      ApiCode::origin_not_allowed,
      fmt::format("web pages from '{}' may not call this box; add it to server.allowed_origins in hearth.yaml if they "
                  "should",
                  origin.substr(0, 100)));
}

dialects::Decoded<Principal> on_behalf_of(const net::Headers& headers, const AccessPolicy& policy) {
  const std::string_view id = headers.get("x-hearth-principal");
  if (id.empty() || id == "owner") return Principal{"owner", "owner"};
  if (id == "anonymous") return Principal{"anonymous", "anonymous"};
  if (auto principal = policy.find(id)) return *std::move(principal);
  return reject(ApiCode::invalid_api_key, "the API key in whose name this was to be done has been removed");
}

dialects::Decoded<Principal> authenticate(const net::Headers& headers, const AccessPolicy& policy) {
  std::string_view key;
  constexpr std::string_view kBearer = "bearer ";
  const std::string_view authorization = headers.get("Authorization");
  if (authorization.size() > kBearer.size() && net::iequals(authorization.substr(0, kBearer.size()), kBearer)) {
    key = authorization.substr(kBearer.size());
  } else if (headers.has("x-api-key")) {
    key = headers.get("x-api-key");
  } else {
    key = headers.get("api-key");
  }
  while (key.starts_with(' ')) key.remove_prefix(1);
  while (key.ends_with(' ')) key.remove_suffix(1);
  if (!key.empty() && key.size() <= 512) {
    if (auto principal = policy.verify(key)) return *std::move(principal);
  }
  if (!policy.key_required) return Principal{"anonymous", "anonymous"};
  if (key.empty()) {
    return reject(
        ApiCode::missing_api_key,
        "this box wants an API key: send 'Authorization: Bearer KEY'; `hearth keys new NAME` on the box makes one");
  }
  return reject(ApiCode::invalid_api_key,
                "this API key is not known to the box; `hearth keys new NAME` on the box makes one");
}

}  // namespace hearth::gateway
