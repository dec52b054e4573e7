// Fields that model.yaml and the catalogue have in common.
#pragma once

#include <hearth/models/model_manifest.h>
#include <hearth/yaml/fields.h>

namespace hearth::models {

// The text, or an empty one.
Result<std::string> optional_text(const yaml::Fields& fields, std::string_view key);
Result<bool> flag(const yaml::Fields& fields, std::string_view key, bool fallback);
Result<std::optional<ModelCanary>> read_canary(const yaml::Fields& entry, std::string_view origin);

}  // namespace hearth::models
