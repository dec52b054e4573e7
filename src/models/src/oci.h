// Which layers of an OCI registry's manifest are a model's files. Pure; fuzzed.
#pragma once

#include <hearth/core/error.h>
#include <hearth/egress/image_manifest.h>

#include <string>
#include <vector>

namespace hearth::models {

struct OciFile {
  std::string role;
  std::string name;
  egress::Descriptor layer;
};
// The model first. unsupported: no layer holds a model.
Result<std::vector<OciFile>> choose_layers(const egress::ImageManifest& manifest);

}  // namespace hearth::models
