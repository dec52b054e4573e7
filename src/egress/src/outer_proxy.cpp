#include <hearth/egress/outer_proxy.h>

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <charconv>

namespace hearth::egress {
namespace {

constexpr std::uint16_t kUsualPort = 1080;

std::string base64(const std::string& text) {
  std::string out(sodium_base64_ENCODED_LEN(text.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  out.resize(out.find('\0'));
  return out;
}

// "%41" → "A"; what is no escape stays.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      const char* first = text.data() + i + 1;
      const auto [end, ec] = std::from_chars(first, first + 2, value, 16);
      if (ec == std::errc() && end == first + 2) {
        out += static_cast<char>(value);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

bool covers(std::string_view pattern, std::string_view host) {
  if (pattern == "*") return true;
  if (pattern.starts_with("*.")) pattern.remove_prefix(1);
  if (pattern.starts_with('.')) pattern.remove_prefix(1);
  if (pattern.empty() || !host.ends_with(pattern)) return false;
  return host.size() == pattern.size() || host[host.size() - pattern.size() - 1] == '.';
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(", "), list.size());
    std::string part(list.substr(0, end));
    std::ranges::transform(part, part.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (!part.empty()) parts.push_back(std::move(part));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return parts;
}

}  // namespace

Result<std::optional<OuterProxy>> parse_outer_proxy(std::string_view url, std::string_view no_proxy) {
  if (url.empty()) return std::nullopt;
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos && !url.starts_with("http://"))
    return fail(Errc::unsupported,
                "the proxy of the environment is none that is spoken to by http://; see https_proxy");
  std::string_view authority = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  authority = authority.substr(0, authority.find('/'));
  OuterProxy proxy;
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    proxy.authorization = "Basic " + base64(unescape(authority.substr(0, at)));
    authority.remove_prefix(at + 1);
  }
  HEARTH_TRY_ASSIGN(Destination to, destination_of(Purpose::lan, fmt::format("http://{}", authority), "proxy"));
  const bool has_port = authority.rfind(':') != std::string_view::npos && !authority.ends_with(']');
  proxy.host = std::move(to.host);
  proxy.port = has_port ? to.port : kUsualPort;
  proxy.except = split(no_proxy);
  return proxy;
}

bool goes_through(const OuterProxy& proxy, const Destination& to, const Allowance& allowance) {
  const auto address = IpAddress::parse(to.host);
  if (address && reach_of(*address) != Reach::world) return false;
  if (allowance.nearby && !address && to.host.find('.') == std::string::npos) return false;  // "localhost", "nas"
  return std::ranges::none_of(proxy.except, [&](const std::string& pattern) { return covers(pattern, to.host); });
}

std::string tunnel_request(const OuterProxy& proxy, const Destination& to) {
  const std::string where = to.host.find(':') == std::string::npos ? fmt::format("{}:{}", to.host, to.port)
                                                                   : fmt::format("[{}]:{}", to.host, to.port);
  std::string text = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", where);
  if (!proxy.authorization.empty()) text += fmt::format("Proxy-Authorization: {}\r\n", proxy.authorization);
  return text + "\r\n";
}

Result<void> check_tunnel_answer(std::string_view head, const OuterProxy& proxy) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::size_t blank = line.find(' ');
  const std::string_view status = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
  if (line.starts_with("HTTP/1.") && status.starts_with('2')) return {};
  const bool refused = status.starts_with("403") || status.starts_with("407");
  return fail(refused ? Errc::permission_denied : Errc::unavailable,
              fmt::format("the proxy {}:{} opens no connection: it says \"{}\"", proxy.host, proxy.port,
                          status.substr(0, 100)));
}

}  // namespace hearth::egress
