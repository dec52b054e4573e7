#include <hearth/core/ids.h>
#include <hearth/egress/http_headers.h>
#include <hearth/egress/json_fields.h>
#include <hearth/egress/registry.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::egress {
namespace {

// A token from where the registry says.
Result<std::string> fetch_token(const Asking& asking, std::string_view challenge_text, const std::string& host) {
  const auto challenge = parse_challenge(challenge_text);
  if (!challenge)
    return fail(
        Errc::permission_denied,
        fmt::format("{} wants to know who asks, in a way that is not understood (\"{}\")", host, challenge_text));
  std::string url = challenge->realm;
  if (!url.starts_with("https://") && !(is_loopback_url(url) && is_loopback_host(host)))
    return fail(Errc::permission_denied, fmt::format("{} sends for a token to {}, which is not https", host, url));
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty())
      url += fmt::format("{}{}={}", url.find('?') == std::string::npos ? '?' : '&', name, escape(value));
  };
  add("service", challenge->service);
  add("scope", challenge->scope);
  HEARTH_TRY_ASSIGN(const Http::Answer answer, fetch_document(asking, request_for(asking, url)));
  HEARTH_TRY_ASSIGN(const json::value root, json::parse(answer.body, "the registry's token"));
  std::string token = json::text(root, "token");
  if (token.empty()) token = json::text(root, "access_token");
  const bool sound = !token.empty() && token.size() < 16'384 &&
                     std::ranges::all_of(token, [](unsigned char ch) { return ch > ' ' && ch < 0x7f; });
  if (!sound) return fail(Errc::protocol_error, fmt::format("{} gave no token", host));
  return token;
}

}  // namespace

Registry::Registry(Asking asking, ImageName image) : asking_(std::move(asking)), image_(std::move(image)) {
  const bool plain = is_loopback_host(image_.host) || asking_.plain == PlainHttp::anywhere;
  // What people call docker.io is elsewhere.
  const std::string host = image_.host == "docker.io" ? "registry-1.docker.io" : image_.host;
  base_ = fmt::format("{}://{}/v2/{}", plain ? "http" : "https", host, image_.repo);
}

std::string Registry::blob_url(const std::string& sha256) const {
  return fmt::format("{}/blobs/sha256:{}", base_, sha256);
}

Result<std::string> Registry::renew_bearer(std::string_view challenge) {
  if (!challenge.empty()) challenge_ = challenge;
  HEARTH_TRY_ASSIGN(bearer_, fetch_token(asking_, challenge_, image_.host));
  return bearer_;
}

// Asked for a token, it fetches one and asks again.
Result<Http::Answer> Registry::fetch(HttpRequest request) {
  request.bearer = bearer_;
  HEARTH_TRY_ASSIGN(Http::Answer answer, fetch_document(asking_, request, 401));
  if (answer.result.status != 401) return answer;
  challenge_ = answer.result.headers.get("www-authenticate");
  HEARTH_TRY_ASSIGN(request.bearer, renew_bearer());
  return fetch_document(asking_, std::move(request));
}

Result<Registry::Answer> Registry::manifest(const std::string& reference) {
  HttpRequest request = request_for(asking_, fmt::format("{}/manifests/{}", base_, reference));
  request.headers.emplace_back(kAcceptManifests);
  HEARTH_TRY_ASSIGN(const Http::Answer answer, fetch(std::move(request)));
  const std::string digest = "sha256:" + sha256_hex(answer.body);
  const std::string_view said = answer.result.headers.get("docker-content-digest");
  if ((said.starts_with("sha256:") && said != digest) || (reference.starts_with("sha256:") && reference != digest))
    return fail(Errc::corrupt, fmt::format("the manifest of {} is not what its digest says", to_string(image_)));
  HEARTH_TRY_ASSIGN(ImageManifest manifest, parse_image_manifest(answer.body));
  return Answer{digest, std::move(manifest)};
}

Result<std::string> Registry::document(const std::string& sha256) {
  HEARTH_TRY_ASSIGN(Http::Answer answer, fetch(request_for(asking_, blob_url(sha256))));
  if (sha256_hex(answer.body) != sha256)
    return fail(Errc::corrupt, fmt::format("a document of {} is not what its digest says", to_string(image_)));
  return std::move(answer.body);
}

}  // namespace hearth::egress
