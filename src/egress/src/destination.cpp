#include <hearth/egress/destination.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace hearth::egress {
namespace {

constexpr std::size_t kMaxHost = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::array<std::string_view, kPurposes> kPurposeNames{"provider", "pull", "pack", "webhook", "mcp", "lan"};
constexpr std::array<std::string_view, 3> kModeNames{"open", "listed", "closed"};
// Names that lead nowhere in the world's DNS (RFC 6761, 6762, 8375, ICANN's .internal), and what routers use all the
// same.
constexpr std::array<std::string_view, 7> kOwnDomains{".local",    ".localhost", ".home.arpa", ".internal",
                                                      ".intranet", ".lan",       ".home"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

bool is_label(std::string_view label) {
  const auto fine = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= kMaxLabel && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, fine);
}

// A name whose last label is a number would be read as an address by some ("2130706433", "0x7f.1", "127.1").
bool ends_in_number(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  if (std::ranges::all_of(last, is_digit)) return true;
  const auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  return last.starts_with("0x") && std::ranges::all_of(last.substr(2), is_hex);
}

std::unexpected<Error> bad_host(std::string_view text, std::string_view why) {
  return fail(Errc::invalid_argument, fmt::format("\"{}\" is no host: {}", text.substr(0, 100), why));
}

bool is_own_name(std::string_view host) {
  if (host.find('.') == std::string_view::npos) return true;
  return std::ranges::any_of(kOwnDomains, [&](std::string_view domain) { return host.ends_with(domain); });
}

// "*.example.com"
bool is_pattern(std::string_view host) {
  return host.starts_with("*.");
}

bool covers(const Rule& rule, const Destination& to) {
  if (rule.purpose && *rule.purpose != to.purpose) return false;
  if (rule.port != 0 && rule.port != to.port) return false;
  if (!is_pattern(rule.host)) return rule.host == to.host;
  const std::string_view tail = std::string_view(rule.host).substr(1);
  return to.host.size() > tail.size() && to.host.ends_with(tail);
}

bool is_open(Purpose purpose) {
  return purpose == Purpose::pull || purpose == Purpose::pack || purpose == Purpose::webhook;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (ec != std::errc() || end != text.data() + text.size() || port == 0 || text.front() == '0') return std::nullopt;
  return port;
}

// "host", "host:80", "[::1]:80"; port 0: none there.
struct HostAndPort {
  std::string_view host;
  std::uint16_t port = 0;
};
std::optional<HostAndPort> split_port(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
    return HostAndPort{text, 0};
  if (bracket == std::string_view::npos && text.find(':') != colon) return HostAndPort{text, 0};  // a bare IPv6 address
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return std::nullopt;
  return HostAndPort{text.substr(0, colon), *port};
}

std::string shown(const Destination& to) {
  return to.host.find(':') == std::string::npos ? fmt::format("{}:{}", to.host, to.port)
                                                : fmt::format("[{}]:{}", to.host, to.port);
}

}  // namespace

std::string_view to_string(Purpose purpose) noexcept {
  return kPurposeNames[static_cast<std::size_t>(purpose)];
}

std::optional<Purpose> parse_purpose(std::string_view text) noexcept {
  const auto* const found = std::ranges::find(kPurposeNames, text);
  if (found == kPurposeNames.end()) return std::nullopt;
  return static_cast<Purpose>(found - kPurposeNames.begin());
}

std::string_view to_string(EgressMode mode) noexcept {
  return kModeNames[static_cast<std::size_t>(mode)];
}

std::optional<EgressMode> parse_egress_mode(std::string_view text) noexcept {
  const auto* const found = std::ranges::find(kModeNames, text);
  if (found == kModeNames.end()) return std::nullopt;
  return static_cast<EgressMode>(found - kModeNames.begin());
}

Result<std::string> parse_host(std::string_view text) {
  if (text.empty() || text.size() > kMaxHost + 2) return bad_host(text, "it is empty or too long");
  std::string_view bare = text;
  if (bare.front() == '[') {
    if (bare.back() != ']') return bad_host(text, "its bracket is not closed");
    bare = bare.substr(1, bare.size() - 2);
    const auto address = IpAddress::parse(bare);
    if (!address || address->is_v4()) return bad_host(text, "no IPv6 address is between its brackets");
    return address->text();
  }
  if (const auto address = IpAddress::parse(bare)) return address->text();
  if (bare.ends_with('.')) bare.remove_suffix(1);
  if (const auto address = IpAddress::parse(bare); address && address->is_v4()) return address->text();
  std::string host;
  for (const char c : bare) {
    if (static_cast<unsigned char>(c) > 0x7f)
      return bad_host(text, "names in other scripts are written as \"xn--…\" (punycode)");
    host += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  if (host.size() > kMaxHost) return bad_host(text, "it is longer than a name may be");
  std::string_view rest = host;
  for (;;) {
    const std::size_t dot = rest.find('.');
    if (!is_label(rest.substr(0, dot))) return bad_host(text, "names are letters, digits and hyphens between dots");
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (ends_in_number(host)) return bad_host(text, "write an address as four decimal numbers, like 192.0.2.1");
  return host;
}

bool is_name(std::string_view text) noexcept {
  const auto fine = [](char c) {
    return is_letter(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == ':' || c == '-';
  };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, fine);
}

Result<Destination> destination_of(Purpose purpose, std::string_view url, std::string who) {
  const bool secure = url.starts_with("https://");
  if (!secure && !url.starts_with("http://"))
    return fail(Errc::invalid_argument,
                fmt::format("\"{}\" is no http or https URL", url.substr(0, url.find_first_of("?#")).substr(0, 100)));
  std::string_view authority = url.substr(secure ? 8 : 7);
  authority = authority.substr(0, authority.find_first_of("/?#\\"));
  if (authority.find('@') != std::string_view::npos)
    return fail(Errc::invalid_argument, "a URL with a user name in it is not followed");
  const auto parts = split_port(authority);
  if (!parts) return bad_host(authority, "its port is no number from 1 to 65535");
  Destination to{.purpose = purpose, .host = {}, .port = parts->port, .who = std::move(who)};
  HEARTH_TRY_ASSIGN(to.host, parse_host(parts->host));
  if (to.port == 0) to.port = secure ? 443 : 80;
  return to;
}

Result<Rule> rule_for(Purpose purpose, std::string_view url) {
  HEARTH_TRY_ASSIGN(Destination to, destination_of(purpose, url, "rule"));
  const bool own = IpAddress::parse(to.host).has_value() || is_own_name(to.host) || purpose == Purpose::lan;
  return Rule{.purpose = purpose, .host = std::move(to.host), .port = to.port, .nearby = own};
}

Result<Rule> parse_rule(std::string_view text) {
  const auto parts = split_port(text);
  if (!parts) return bad_host(text, "its port is no number from 1 to 65535");
  Rule rule{.purpose = std::nullopt, .host = {}, .port = parts->port, .nearby = !is_pattern(parts->host)};
  if (rule.nearby) {
    HEARTH_TRY_ASSIGN(rule.host, parse_host(parts->host));
    return rule;
  }
  HEARTH_TRY_ASSIGN(const std::string tail, parse_host(parts->host.substr(2)));
  if (tail.find('.') == std::string::npos || IpAddress::parse(tail))
    return bad_host(text, "a pattern ends in a domain, like *.example.com");
  rule.host = "*." + tail;
  return rule;
}

Result<Allowance> judge(const Policy& policy, const Destination& to) {
  if (policy.mode == EgressMode::closed)
    return fail(Errc::permission_denied,
                fmt::format("nothing leaves this box: egress.mode is closed, so {} is not contacted", shown(to)));
  if (to.port == 0) return fail(Errc::invalid_argument, "port 0 leads nowhere");
  std::optional<Allowance> found;
  for (const Rule& rule : policy.rules) {
    if (!covers(rule, to) || (found && !rule.nearby)) continue;
    found = Allowance{.nearby = rule.nearby, .rule = fmt::format("named: {}", rule.host)};
    if (rule.nearby) break;
  }
  if (found) return *std::move(found);
  if (policy.mode == EgressMode::open && is_open(to.purpose))
    return Allowance{.nearby = false, .rule = "open to public addresses"};
  return fail(Errc::permission_denied,
              fmt::format("{} may not be contacted ({}): the configuration does not name it; add it to egress.allow",
                          shown(to), to_string(to.purpose)));
}

Result<void> judge_address(const Allowance& allowance, const Destination& to, const IpAddress& address) {
  const Reach reach = reach_of(address);
  if (reach == Reach::world) return {};
  const auto literal = IpAddress::parse(to.host);
  const bool is_it = literal && *literal == address;
  if (allowance.nearby && (reach == Reach::loopback || reach == Reach::nearby)) return {};
  if (allowance.nearby && reach == Reach::metadata && is_it) return {};
  const std::string leads = is_it
                                ? fmt::format("{} is {}", to.host, to_string(reach))
                                : fmt::format("{} leads to {}, which is {}", to.host, address.text(), to_string(reach));
  if (reach == Reach::impossible || reach == Reach::metadata)
    return fail(Errc::permission_denied, fmt::format("{}; it is not contacted", leads));
  return fail(Errc::permission_denied,
              fmt::format("{}; it is not contacted unless egress.allow names {}", leads, to.host));
}

}  // namespace hearth::egress
