// model.yaml: what an installed model is, where it came from, and which bytes it consists of.
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::models {

// "chat", "embedding", "rerank", "transcription", "speech", "ocr", "detection", "face", "vad", "vision-chat".
std::span<const std::string_view> tasks() noexcept;
bool is_task(std::string_view text) noexcept;
// What a file is to the engine: "model", "part" (of a model in several files), "mmproj", "detector" and "classifier"
// (the steps before an OCR model reads), "config", "tokens", "tokenizer", "voices", "labels", "licence", "other".
bool is_role(std::string_view text) noexcept;
// A model's name and folder: 1 to 96 lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit,
// and none of the store's own folders.
bool is_model_name(std::string_view text) noexcept;
// One path component that any file system takes: no '/', no control characters, not "." or "..", at most 200 bytes.
bool is_file_name(std::string_view text) noexcept;

struct ModelFile {
  std::string role;
  std::string name;  // in the model's folder
  std::string sha256;
  std::uint64_t bytes = 0;
};

// A request the engine must answer with this model before it counts as ready; as in engine.yaml.
struct ModelCanary {
  std::string path;
  std::string body;
  std::string expect;
};

struct ModelManifest {
  std::string name;
  std::string task;
  std::string format;  // "gguf", "onnx", "whisper", "other"
  std::string engine;  // a hint: the engine it was tried with; empty: any that fits
  std::string description;
  std::string source;      // as it was pulled: "hf:org/repo:Q4_K_M"
  std::string revision;    // what the source pointed to then: a commit, a manifest's digest; empty: the source has none
  std::string licence;     // SPDX where there is one; empty: not known
  bool commercial = true;  // false: the licence forbids commercial use
  std::vector<std::string> languages;
  std::uint64_t memory = 0;   // bytes it needs when resident, as the catalogue says; 0: not said
  std::uint64_t context = 0;  // tokens; 0: the model's own
  std::optional<ModelCanary> canary = std::nullopt;
  std::vector<ModelFile> files;

  [[nodiscard]] std::uint64_t bytes() const noexcept;
  // The first file of that role; nullptr: none.
  [[nodiscard]] const ModelFile* file(std::string_view role) const noexcept;
};

// `origin` is named in errors. invalid_argument with line and key; too_large past 64 KiB.
Result<ModelManifest> parse_model_manifest(std::string_view yaml, std::string_view origin);
// parse_model_manifest() reads it back unchanged.
std::string write_model_manifest(const ModelManifest& manifest);

}  // namespace hearth::models
