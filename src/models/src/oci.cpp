#include "oci.h"

#include "hub.h"

#include <hearth/core/file_hash.h>
#include <hearth/models/model_manifest.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace hearth::models {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Docker's and Ollama's media types say what a layer is; a plain layer's name does.
std::string_view role_of_layer(const egress::Descriptor& layer) {
  const std::string_view type = layer.media_type;
  if (has(type, "mmproj") || has(type, "image.projector")) return "mmproj";
  if (has(type, "gguf") || has(type, "image.model")) return "model";
  if (has(type, "license")) return "licence";
  if (has(type, "image.template") || has(type, "image.params") || has(type, "image.system")) return "other";
  return layer.title.empty() ? std::string_view() : role_of(layer.title);
}

}  // namespace

Result<std::vector<OciFile>> choose_layers(const egress::ImageManifest& manifest) {
  std::vector<OciFile> files;
  std::set<std::string> names;
  // A model in several layers without names: as llama.cpp finds the others from the first.
  const auto is_unnamed_model = [](const egress::Descriptor& layer) {
    return layer.title.empty() && role_of_layer(layer) == "model";
  };
  const auto unnamed = std::ranges::count_if(manifest.layers, is_unnamed_model);
  int part = 0;
  for (const egress::Descriptor& layer : manifest.layers) {
    const std::string_view role = role_of_layer(layer);
    // An archive is a container image's layer, and no file of a model.
    if (role.empty() || has(layer.media_type, "tar")) continue;
    std::string name = layer.title;
    if (name.empty() && role == "model" && unnamed > 1)
      name = fmt::format("model-{:05}-of-{:05}.gguf", ++part, unnamed);
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
