#include "oci.h"

#include "hub.h"
#include "json_fields.h"

#include <hearth/models/model_manifest.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hearth::models {
namespace {

constexpr std::size_t kMaxLayers = 256;

Result<std::string> digest_of(const json::value& descriptor) {
  const std::string digest = json::text(descriptor, "digest");
  if (!digest.starts_with("sha256:") || !is_sha256(std::string_view(digest).substr(7)))
    return fail(
        Errc::unsupported,
        fmt::format("the registry's manifest has the digest \"{}\"; only sha256 is understood", digest.substr(0, 100)));
  return digest.substr(7);
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Docker's and Ollama's media types say what a layer is; a plain layer's name does.
std::string_view role_of_layer(const OciLayer& layer) {
  const std::string_view type = layer.media_type;
  if (has(type, "mmproj") || has(type, "image.projector")) return "mmproj";
  if (has(type, "gguf") || has(type, "image.model")) return "model";
  if (has(type, "license")) return "licence";
  if (has(type, "image.template") || has(type, "image.params") || has(type, "image.system")) return "other";
  return layer.title.empty() ? std::string_view() : role_of(layer.title);
}

}  // namespace

Result<OciManifest> parse_oci_manifest(std::string_view body) {
  HEARTH_TRY_ASSIGN(const json::value root, json::parse(body, "the registry's manifest"));
  OciManifest manifest;
  for (const json::value& entry : json::list(root, "manifests")) {
    HEARTH_TRY_ASSIGN(const std::string digest, digest_of(entry));
    manifest.manifests.push_back("sha256:" + digest);
    if (manifest.manifests.size() > kMaxLayers) return fail(Errc::too_large, "the registry's index is too long");
  }
  for (const json::value& entry : json::list(root, "layers")) {
    OciLayer layer;
    HEARTH_TRY_ASSIGN(layer.sha256, digest_of(entry));
    layer.media_type = json::text(entry, "mediaType");
    layer.title = json::text(json::field(entry, "annotations"), "org.opencontainers.image.title");
    layer.title.erase(0, layer.title.rfind('/') + 1);
    if (!layer.title.empty() && !is_file_name(layer.title)) layer.title.clear();
    const auto bytes = json::size(entry, "size");
    if (!bytes) return fail(Errc::protocol_error, "a layer of the registry's manifest has no size");
    layer.bytes = *bytes;
    manifest.layers.push_back(std::move(layer));
    if (manifest.layers.size() > kMaxLayers)
      return fail(Errc::too_large, "the registry's manifest has too many layers");
  }
  if (manifest.manifests.empty() && manifest.layers.empty())
    return fail(Errc::protocol_error, "the registry's manifest has no layers");
  return manifest;
}

Result<std::vector<OciFile>> choose_layers(const OciManifest& manifest) {
  std::vector<OciFile> files;
  std::set<std::string> names;
  for (const OciLayer& layer : manifest.layers) {
    const std::string_view role = role_of_layer(layer);
    // An archive is a container image's layer, and no file of a model.
    if (role.empty() || has(layer.media_type, "tar")) continue;
    std::string name = layer.title;
    if (name.empty())
      name = role == "model" ? "model.gguf" : role == "mmproj" ? "mmproj.gguf" : std::string(role) + ".txt";
    if (name == "model.yaml" || !names.insert(name).second) name = fmt::format("{}-{}", files.size(), name);
    names.insert(name);
    files.push_back({std::string(role), std::move(name), layer});
  }
  const auto model = std::ranges::find(files, "model", &OciFile::role);
  if (model == files.end())
    return fail(
        Errc::unsupported,
        "what the registry has there is no model: no layer is a GGUF or ONNX file (a container image is pulled by a "
        "container engine)");
  std::rotate(files.begin(), model, model + 1);
  bool first = true;
  for (OciFile& file : files)
    if (file.role == "model" && !std::exchange(first, false)) file.role = "part";
  return files;
}

}  // namespace hearth::models
