// Which models this box has, and which names they answer to.
//
// Built once at start; then only read, on the I/O thread.
#pragma once

#include <hearth/gateway/upstream.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::gateway {

enum class Task { embedding, speech, transcription, translation, ocr, detection, chat };
std::string_view to_string(Task task) noexcept;

struct Model {
  std::string id;
  Task task = Task::embedding;
  std::string description;
  std::vector<std::string> languages;
  Upstream* upstream = nullptr;      // never null in the catalogue
  std::vector<std::string> aliases;  // names that clients have built in, served by this model: filled by the catalogue
};

class Catalogue {
 public:
  explicit Catalogue(std::vector<Model> models);

  // The model that serves `name` for `task`: by id, by alias, or, for an empty name or "auto", the task's first.
  // nullptr when there is none.
  [[nodiscard]] const Model* find(std::string_view name, Task task) const;
  [[nodiscard]] const std::vector<Model>& models() const noexcept { return models_; }
  // Is there any model for this task?
  [[nodiscard]] bool serves(Task task) const;
  // What to tell someone whose model is not here: names those that are.
  [[nodiscard]] std::string explain_missing(std::string_view name, Task task) const;

 private:
  std::vector<Model> models_;
};

// Names that clients hard-code for a task: "whisper-1", "tts-1", "text-embedding-3-small", …
std::vector<std::string> well_known_names(Task task);

}  // namespace hearth::gateway
