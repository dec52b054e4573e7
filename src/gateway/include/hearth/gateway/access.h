// Who may call: API keys, and the Host and Origin checks that keep other people's web pages out (DNS rebinding).
//
// Pure functions over the request's head; the key lookup is a function so that keys can live elsewhere.
#pragma once

#include <hearth/core/data_class.h>
#include <hearth/dialects/api_error.h>
#include <hearth/net/http.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hearth::gateway {

// Who calls, as far as records need it. Never the key itself.
struct Principal {
  std::string id;  // the key's id; "owner" on the owner's socket, "anonymous" where no key is needed
  std::string name;
  std::optional<DataClass> data_class = std::nullopt;  // of all that is sent with the key, at least; nullopt: not said
};

struct AccessPolicy {
  bool key_required = true;
  std::vector<std::string> allowed_hosts;    // besides IP literals and localhost; lower case, without port
  std::vector<std::string> allowed_origins;  // besides those whose host passes the Host check
  std::function<std::optional<Principal>(std::string_view key)> verify;
  std::function<std::optional<Principal>(std::string_view id)> find;  // a key's, which may be gone by now
};

// On the owner's own socket: in whose name a request is sent, as its header x-hearth-principal says; without one, the
// owner's. invalid_api_key: that key is gone.
bool is_on_behalf(const net::Headers& headers);
dialects::Decoded<Principal> on_behalf_of(const net::Headers& headers, const AccessPolicy& policy);

// The name in a Host header: lower case, without port and brackets. Empty if it is malformed.
std::string host_name(std::string_view host_header);
bool is_ip_literal(std::string_view host);

// host_not_allowed, origin_not_allowed.
dialects::Decoded<> check_host_and_origin(const net::Headers& headers, const AccessPolicy& policy);
// From `Authorization: Bearer KEY`, `x-api-key: KEY` or `api-key: KEY`. missing_api_key, invalid_api_key.
dialects::Decoded<Principal> authenticate(const net::Headers& headers, const AccessPolicy& policy);

}  // namespace hearth::gateway
