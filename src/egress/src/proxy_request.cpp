#include <hearth/egress/destination.h>
#include <hearth/egress/proxy_request.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::egress {
namespace {

constexpr std::string_view kEnd = "\r\n\r\n";
constexpr std::size_t kMaxReason = 300;

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

// What is between the client and the proxy only, or is written anew.
bool stays_here(std::string_view name) {
  constexpr std::array<std::string_view, 7> kOurs{"connection", "proxy-connection", "keep-alive", "proxy-authorization",
                                                  "host",       "upgrade",          "te"};
  return std::ranges::any_of(kOurs, [&](std::string_view ours) { return is_same(name, ours); });
}

std::unexpected<Error> bad(const char* what) {
  return fail(Errc::invalid_argument, fmt::format("the proxy is asked for something that is not understood: {}", what));
}

bool is_clean(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7f; });
}

struct Line {
  std::string_view method;
  std::string_view target;
};

Result<Line> parse_line(std::string_view text) {
  const std::size_t first = text.find(' ');
  const std::size_t last = text.rfind(' ');
  if (first == std::string_view::npos || last == first) return bad("its first line");
  const Line line{text.substr(0, first), text.substr(first + 1, last - first - 1)};
  const std::string_view version = text.substr(last + 1);
  if (!is_token(line.method) || (version != "HTTP/1.1" && version != "HTTP/1.0")) return bad("its first line");
  const bool plain =
      std::ranges::all_of(line.target, [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f; });
  if (line.target.empty() || !plain) return bad("its target");
  return line;
}

// The fields that go on; a field without a name, or continued on a second line, is refused.
Result<std::string> fields_for_server(std::string_view text) {
  std::string kept;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    if (end == std::string_view::npos) return bad("a field without an end");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return bad("a field without a name");
    std::string visible(line);
    std::ranges::replace(visible, '\t', ' ');
    if (!is_clean(visible)) return bad("a control character in a field");
    if (!stays_here(line.substr(0, colon))) kept.append(line).append("\r\n");
  }
  return kept;
}

}  // namespace

std::size_t find_head_end(std::string_view text) noexcept {
  const std::size_t at = text.find(kEnd);
  return at == std::string_view::npos ? at : at + kEnd.size();
}

Result<ProxyRequest> parse_proxy_request(std::string_view head) {
  if (head.size() > kMaxProxyHead || find_head_end(head) != head.size()) return bad("its head");
  const std::size_t end = head.find("\r\n");
  HEARTH_TRY_ASSIGN(const Line line, parse_line(head.substr(0, end)));
  HEARTH_TRY_ASSIGN(const std::string fields, fields_for_server(head.substr(end + 2, head.size() - end - 4)));
  ProxyRequest request;
  request.tunnel = line.method == "CONNECT";
  if (request.tunnel) {
    const std::size_t colon = line.target.rfind(':');
    if (colon == std::string_view::npos || line.target.find('/') != std::string_view::npos)
      return bad("a tunnel takes HOST:PORT");
    HEARTH_TRY_ASSIGN(Destination to, destination_of(Purpose::pack, fmt::format("https://{}", line.target), "proxy"));
    request.host = std::move(to.host);
    request.port = to.port;
    return request;
  }
  std::string url(line.target);
  std::ranges::transform(url.begin(), url.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(url.size(), 7)),
                         url.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (!url.starts_with("http://")) return bad("only http:// URLs and CONNECT");
  HEARTH_TRY_ASSIGN(Destination to, destination_of(Purpose::pack, url, "proxy"));
  const std::size_t path = url.find_first_of("/?", 7);
  std::string target = path == std::string::npos ? std::string("/") : url.substr(path);
  target = target.substr(0, target.find('#'));
  if (!target.starts_with('/')) target.insert(0, 1, '/');
  const std::string name = to.host.find(':') == std::string::npos ? to.host : fmt::format("[{}]", to.host);
  request.head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n{}Connection: close\r\n\r\n", line.method, target,
                             to.port == 80 ? name : fmt::format("{}:{}", name, to.port), fields);
  request.host = std::move(to.host);
  request.port = to.port;
  return request;
}

std::string proxy_refusal(const Error& error) {
  const int status = error.is(Errc::permission_denied)    ? 403
                     : error.is(Errc::invalid_argument)   ? 400
                     : error.is(Errc::deadline_exceeded)  ? 504
                     : error.is(Errc::resource_exhausted) ? 503
                                                          : 502;
  std::string reason = error.message().substr(0, kMaxReason);
  std::ranges::replace_if(
      reason, [](char c) { return static_cast<unsigned char>(c) < ' ' || static_cast<unsigned char>(c) > 0x7e; }, ' ');
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n"
      "Connection: close\r\n\r\n{}\n",
      status, reason, error.message().size() + 1, error.message());
}

}  // namespace hearth::egress
