// Manifests of an OCI registry, and which of their layers are a model's files. Pure; fuzzed.
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::models {

// What a request for a manifest accepts.
inline constexpr std::string_view kOciAccept =
    "Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json";

struct OciLayer {
  std::string media_type;
  std::string sha256;
  std::uint64_t bytes = 0;
  std::string title;  // org.opencontainers.image.title: a file's name
};

struct OciManifest {
  std::vector<std::string> manifests;  // digests ("sha256:…"), when it is an index of several
  std::vector<OciLayer> layers;
};

// protocol_error, unsupported (a digest that is no SHA-256).
Result<OciManifest> parse_oci_manifest(std::string_view body);

struct OciFile {
  std::string role;
  std::string name;
  OciLayer layer;
};
// The model first. unsupported: no layer holds a model.
Result<std::vector<OciFile>> choose_layers(const OciManifest& manifest);

}  // namespace hearth::models
