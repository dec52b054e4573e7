// GET /v1/models and /v1/models/{id}: OpenAI's objects with a few keys of ours, which its clients ignore.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::dialects {

struct ModelObject {
  std::string id;
  std::int64_t created = 0;  // seconds since 1970
  std::string owned_by = "hearth";
  std::string task;                  // "embedding", "speech", …
  std::vector<std::string> aliases;  // other names it answers to
  bool ready = false;                // true: it answers at once; false: its engine is started by the first request
  std::string alias_of;              // empty, or the model that this name stands for
};

std::string encode_model(const ModelObject& model);
std::string encode_model_list(std::span<const ModelObject> models);

}  // namespace hearth::dialects
