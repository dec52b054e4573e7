// An engine that loads models (llama.cpp, whisper.cpp) is a template: each installed model that fits it runs in a
// process of its own, an instance. Pure; any thread.
#pragma once

#include <hearth/engines/manifest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::engines {

// A model on the disk, as far as an engine needs to know it.
struct ModelFiles {
  std::string id;  // what clients call it
  Task task = Task::chat;
  std::string kind;              // the task in the model's own words ("face" is a kind of detection); empty: as `task`
  std::string format;            // "gguf", "onnx", "whisper"
  std::filesystem::path folder;  // absolute; all that the engine sees of the models
  std::map<std::string, std::filesystem::path> files;  // by role: "model" is there, "mmproj", "vad", …; absolute
  std::uint32_t context = 0;                           // tokens; 0: what the model was trained with
  std::uint64_t memory = 0;                            // bytes it is expected to need; 0: unknown
  std::vector<std::string> languages;
  std::string description;
};

// Whether the engine is a template for this format and task, and the model has all files that takes.
bool fits(const Manifest& engine, const ModelFiles& model);
// Whether it then is given phonemes and not text.
bool takes_phonemes(const Manifest& engine, Task task);

// The manifest of the process that serves this model. The model must fit.
Manifest instantiate(const Manifest& engine, const ModelFiles& model);

// "llama-qwen3-0-6b": unique for an engine and a model, at most 48 characters of a-z, 0-9 and '-'.
std::string instance_name(std::string_view engine, std::string_view model_id);

}  // namespace hearth::engines
