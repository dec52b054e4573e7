#include <hearth/core/file_hash.h>
#include <hearth/egress/image_manifest.h>
#include <hearth/egress/json_fields.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

namespace hearth::egress {
namespace {

constexpr std::size_t kMaxEntries = 256;
constexpr std::size_t kMaxName = 255;
constexpr std::string_view kDigest = "sha256:";

bool is_digest(std::string_view text) {
  return text.starts_with(kDigest) && is_sha256(text.substr(kDigest.size()));
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= 128 && (is_alphanumeric(text.front()) || text.front() == '_') &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && std::ranges::all_of(text, [](char c) {
    return is_alphanumeric(c) || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
  });
}

// Lower-case words with slashes between them.
bool is_repo(std::string_view text) {
  if (text.empty() || text.size() > kMaxName) return false;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t slash = std::min(text.find('/', at), text.size());
    const std::string_view part = text.substr(at, slash - at);
    const auto ok = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    };
    if (part.empty() || part == "." || part == ".." || !std::ranges::all_of(part, ok)) return false;
    at = slash + 1;
  }
  return true;
}

// One path component that any file system takes.
bool is_plain_name(std::string_view text) {
  return !text.empty() && text.size() <= 200 && text != "." && text != ".." &&
         text.find('/') == std::string_view::npos &&
         std::ranges::none_of(text, [](unsigned char c) { return c < ' ' || c == 0x7f; });
}

Result<std::string> digest_of(const json::value& descriptor) {
  const std::string digest = json::text(descriptor, "digest");
  if (!is_digest(digest))
    return fail(
        Errc::unsupported,
        fmt::format("the registry's manifest has the digest \"{}\"; only sha256 is understood", digest.substr(0, 100)));
  return digest.substr(kDigest.size());
}

Platform platform_of(const json::value& from) {
  return {json::text(from, "os").substr(0, 64), json::text(from, "architecture").substr(0, 64),
          json::text(from, "variant").substr(0, 64)};
}

Result<Descriptor> layer_of(const json::value& entry) {
  Descriptor layer;
  HEARTH_TRY_ASSIGN(layer.sha256, digest_of(entry));
  layer.media_type = json::text(entry, "mediaType");
  layer.title = json::text(json::field(entry, "annotations"), "org.opencontainers.image.title");
  layer.title.erase(0, layer.title.rfind('/') + 1);
  if (!is_plain_name(layer.title)) layer.title.clear();
  const auto bytes = json::size(entry, "size");
  if (!bytes) return fail(Errc::protocol_error, "a layer of the registry's manifest has no size");
  layer.bytes = *bytes;
  return layer;
}

}  // namespace

Result<ImageName> parse_image_name(std::string_view text) {
  const auto wrong = [&] {
    return fail(Errc::invalid_argument, fmt::format("\"{}\" names nothing in a registry; write "
                                                    "oci://registry.example/name:tag, or …/name@sha256:DIGEST",
                                                    text.substr(0, 200)));
  };
  std::string_view rest = text;
  if (rest.starts_with("oci://")) rest.remove_prefix(6);
  ImageName image;
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos || !is_host(rest.substr(0, slash))) return wrong();
  image.host = rest.substr(0, slash);
  std::string_view name = rest.substr(slash + 1);
  if (const auto at = name.find('@'); at != std::string_view::npos) {
    image.reference = name.substr(at + 1);
    name = name.substr(0, at);
    if (!is_digest(image.reference)) return wrong();
  } else if (const auto colon = name.rfind(':'); colon != std::string_view::npos) {
    image.reference = name.substr(colon + 1);
    name = name.substr(0, colon);
    if (!is_tag(image.reference)) return wrong();
  }
  if (!is_repo(name)) return wrong();
  image.repo = name;
  return image;
}

std::string to_string(const ImageName& image) {
  return fmt::format("{}/{}{}{}", image.host, image.repo, is_digest(image.reference) ? '@' : ':', image.reference);
}

Result<ImageManifest> parse_image_manifest(std::string_view body) {
  HEARTH_TRY_ASSIGN(const json::value root, json::parse(body, "the registry's manifest"));
  ImageManifest manifest;
  for (const json::value& entry : json::list(root, "manifests")) {
    HEARTH_TRY_ASSIGN(const std::string digest, digest_of(entry));
    manifest.manifests.push_back({fmt::format("{}{}", kDigest, digest), platform_of(json::field(entry, "platform"))});
    if (manifest.manifests.size() > kMaxEntries) return fail(Errc::too_large, "the registry's index is too long");
  }
  if (json::field(root, "config").is_object()) {
    HEARTH_TRY_ASSIGN(manifest.config, digest_of(json::field(root, "config")));
  }
  for (const json::value& entry : json::list(root, "layers")) {
    HEARTH_TRY_ASSIGN(Descriptor layer, layer_of(entry));
    manifest.layers.push_back(std::move(layer));
    if (manifest.layers.size() > kMaxEntries)
      return fail(Errc::too_large, "the registry's manifest has too many layers");
  }
  if (manifest.manifests.empty() && manifest.layers.empty())
    return fail(Errc::protocol_error, "the registry's manifest has no layers");
  return manifest;
}

Result<std::string> choose_platform(const ImageManifest& index, std::string_view architecture) {
  // A variant other than the first of its architecture may not run here.
  const auto runs = [&](const Platform& p) {
    const std::string_view first = architecture == "arm64" ? "v8" : architecture == "amd64" ? "v1" : "";
    return p.os == "linux" && p.architecture == architecture && (p.variant.empty() || p.variant == first);
  };
  std::set<std::string> there;
  for (const PlatformManifest& entry : index.manifests) {
    if (runs(entry.platform)) return entry.digest;
    const Platform& p = entry.platform;
    if (there.size() < 16 && p.os != "unknown")
      there.insert(fmt::format("{}/{}{}{}", p.os, p.architecture, p.variant.empty() ? "" : "/", p.variant));
  }
  return fail(Errc::not_found,
              fmt::format("it has nothing for linux/{}; there is: {}", architecture,
                          there.empty() ? "nothing with a platform" : fmt::format("{}", fmt::join(there, ", "))));
}

Result<Platform> parse_image_config(std::string_view body) {
  HEARTH_TRY_ASSIGN(const json::value root, json::parse(body, "the image's configuration"));
  Platform platform = platform_of(root);
  if (platform.os.empty() || platform.architecture.empty())
    return fail(Errc::protocol_error, "the image's configuration does not say for which platform it is");
  return platform;
}

}  // namespace hearth::egress
