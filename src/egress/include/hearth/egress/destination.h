// Where a connection may lead. Pure: the rules and a wish in, a verdict out; and then, for each address that the host's
// name led to, another one, so that what is connected to is what was judged.
#pragma once

#include <hearth/core/error.h>
#include <hearth/egress/address.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::egress {

enum class Purpose {
  provider,  // a request to a model elsewhere
  pull,      // model files
  pack,      // engine packs: Debian's packages, container images
  webhook,   // an answer that is delivered
  mcp,       // what a tool server of an agent asks for
  lan,       // a model server in the network around
};
inline constexpr std::size_t kPurposes = 6;
std::string_view to_string(Purpose purpose) noexcept;
std::optional<Purpose> parse_purpose(std::string_view text) noexcept;

struct Destination {
  Purpose purpose = Purpose::pull;
  std::string host;  // as parse_host() gives it
  std::uint16_t port = 443;
  std::string who;  // for records: a key's id, a pack's name, …: is_name()
  bool operator==(const Destination&) const = default;
};

// A host as it is compared and looked up: lower case, no dot at the end, addresses in their usual form without
// brackets. invalid_argument: what is no name by the rules of DNS, what looks like a number but is no address in its
// usual form ("0x7f.1", "2130706433", "010.0.0.1"), user names, zones, and names in other scripts than ASCII (write
// them as "xn--…").
Result<std::string> parse_host(std::string_view text);
// 1 to 64 of letters, digits, and "._:-".
bool is_name(std::string_view text) noexcept;
// Host and port of an http(s) URL. invalid_argument.
Result<Destination> destination_of(Purpose purpose, std::string_view url, std::string who);

enum class EgressMode {
  open,    // rules, and for pulls, packs and webhooks any public address
  listed,  // rules only
  closed,  // nothing
};
std::string_view to_string(EgressMode mode) noexcept;
std::optional<EgressMode> parse_egress_mode(std::string_view text) noexcept;

// A destination that the configuration names.
struct Rule {
  std::optional<Purpose> purpose = std::nullopt;  // not set: all
  std::string host;                               // as parse_host() gives it, or "*.example.com"
  std::uint16_t port = 0;                         // 0: all
  bool nearby = false;  // it may be on this machine or in the network around; without, only public addresses
  bool operator==(const Rule&) const = default;
};
// For what a setting names by URL: nearby when it names an address, or a name that only a network of one's own gives
// ("nas", "box.local", "x.home.arpa"). invalid_argument.
Result<Rule> rule_for(Purpose purpose, std::string_view url);
// Of egress.allow: "HOST", "HOST:PORT", "*.example.com". A host named in full may be nearby. invalid_argument.
Result<Rule> parse_rule(std::string_view text);

struct Policy {
  EgressMode mode = EgressMode::open;
  std::vector<Rule> rules;
  bool operator==(const Policy&) const = default;
};

struct Allowance {
  bool nearby = false;
  std::string rule;  // why, for records: "named: api.example.com", "open to public addresses"
};
// permission_denied says what setting would allow it.
Result<Allowance> judge(const Policy& policy, const Destination& destination);
// An address that the destination's host led to. permission_denied. A metadata service is allowed only to a destination
// that is that address; addresses that no host has, to none.
Result<void> judge_address(const Allowance& allowance, const Destination& destination, const IpAddress& address);

}  // namespace hearth::egress
