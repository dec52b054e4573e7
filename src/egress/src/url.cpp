#include <hearth/egress/url.h>

#include <curl/curl.h>
#include <fmt/format.h>

#include <charconv>
#include <memory>

namespace hearth::egress {
namespace {

constexpr std::uint16_t kHttp = 80;
constexpr std::uint16_t kHttps = 443;

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

// Empty: it has none.
std::string part_of(const Handle& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> owned(text, curl_free);
  return text;
}

}  // namespace

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? kHttps : kHttp) ? name : fmt::format("{}:{}", name, port);
}

Result<Url> parse_url(const std::string& text) {
  const auto wrong = [&] {
    return fail(Errc::invalid_argument,
                fmt::format("'{}' is no URL; write it like https://api.openai.com/v1", text.substr(0, 200)));
  };
  const Handle handle(curl_url(), curl_url_cleanup);
  if (!handle || curl_url_set(handle.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) return wrong();
  const std::string scheme = part_of(handle, CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http") return wrong();
  if (!part_of(handle, CURLUPART_USER).empty() || !part_of(handle, CURLUPART_FRAGMENT).empty()) return wrong();
  Url url;
  url.tls = scheme == "https";
  url.host = part_of(handle, CURLUPART_HOST);
  if (url.host.starts_with('[')) url.host = url.host.substr(1, url.host.size() - 2);
  for (char& c : url.host)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const std::string port = part_of(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), url.port);
  url.path = part_of(handle, CURLUPART_PATH);
  if (url.host.empty() || url.port == 0) return wrong();
  return url;
}

}  // namespace hearth::egress
