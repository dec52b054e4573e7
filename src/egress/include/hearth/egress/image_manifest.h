// What an OCI registry has under a name: an index of manifests for several platforms, or a manifest's layers. And how
// people write such names. Pure; fuzzed.
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::egress {

struct ImageName {
  std::string host;  // with its port
  std::string repo;
  std::string reference = "latest";  // a tag, or "sha256:DIGEST"
  bool operator==(const ImageName&) const = default;
};
// "registry.example:5000/org/name", with ":TAG" or "@sha256:DIGEST" behind it; "oci://" before it is no harm.
// invalid_argument shows how it is written.
Result<ImageName> parse_image_name(std::string_view text);
// As it is read back, without "oci://".
std::string to_string(const ImageName& image);

// What a request for a manifest accepts.
inline constexpr std::string_view kAcceptManifests =
    "Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json";

struct Descriptor {
  std::string media_type;
  std::string sha256;
  std::uint64_t bytes = 0;
  std::string title;  // org.opencontainers.image.title: a file's name, without folders; empty: none that is one
};
struct Platform {
  std::string os;            // "linux"
  std::string architecture;  // as Go names it: "amd64", "arm64"
  std::string variant;       // "v8"; may be empty
};
struct PlatformManifest {
  std::string digest;  // "sha256:…"
  Platform platform;   // empty: not said
};
struct ImageManifest {
  std::vector<PlatformManifest> manifests;  // when it is an index
  std::string config;                       // SHA-256 of the image's configuration; empty: none
  std::vector<Descriptor> layers;
};

// protocol_error; unsupported: a digest that is no SHA-256; too_large: more than 256 layers or manifests.
Result<ImageManifest> parse_image_manifest(std::string_view body);
// The manifest of an index for a Linux of `architecture`. not_found names what there is.
Result<std::string> choose_platform(const ImageManifest& index, std::string_view architecture);
// Of an image's configuration. protocol_error.
Result<Platform> parse_image_config(std::string_view body);

}  // namespace hearth::egress
