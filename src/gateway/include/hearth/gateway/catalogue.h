// Which models this box has, and which names they answer to.
//
// Replaced as a whole when models come and go; who has found a model keeps it, and its upstream, as long as he needs
// it. Any thread.
#pragma once

#include <hearth/gateway/pace.h>
#include <hearth/gateway/upstream.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::gateway {

enum class Task { embedding, speech, transcription, translation, ocr, detection, chat, rerank };
std::string_view to_string(Task task) noexcept;

// Of a model whose files are on this box, for clients that list models by them.
struct ModelFiles {
  std::uint64_t bytes = 0;
  std::string sha256;  // of its file; of several: of what sha256sum prints of them, in the order of their names
  WallTime installed;
  std::string format;            // "gguf"
  std::string family;            // "llama"; empty: the file does not say
  std::string quantisation;      // "Q4_K_M"; likewise
  std::uint64_t parameters = 0;  // 0: nobody counted them
};

struct Model {
  std::string id;
  Task task = Task::embedding;
  std::string description;
  std::vector<std::string> languages;
  std::shared_ptr<Upstream> upstream;  // never null in the catalogue
  std::vector<std::string> aliases;  // names that clients have built in, served by this model: filled by the catalogue
  // Of a voice that speaks phonemes: what makes them of the text. Else nullptr.
  std::shared_ptr<Upstream> phonemes = nullptr;
  std::string revision = {};                              // of its files, where they can change under its id
  std::string name_there = {};                            // what its upstream calls it; empty: by its id
  std::optional<std::uint64_t> max_output = {};           // tokens of its longest answer; not set: nobody knows
  std::shared_ptr<const ModelFiles> files = nullptr;      // nullptr: it came with an engine, or is elsewhere
  std::shared_ptr<Pace> pace = std::make_shared<Pace>();  // never null; the catalogue keeps it from one set to the next
  [[nodiscard]] const std::string& there() const noexcept { return name_there.empty() ? id : name_there; }
};

using Models = std::shared_ptr<const std::vector<Model>>;

class Catalogue {
 public:
  // The first model of a task is the one for whoever does not choose.
  explicit Catalogue(std::vector<Model> models) { replace(std::move(models)); }

  // What is found from now on.
  void replace(std::vector<Model> models);
  // The model that serves `name` for `task`: by id, by alias, or, for an empty name or "auto", the task's first.
  // nullptr when there is none.
  [[nodiscard]] std::shared_ptr<const Model> find(std::string_view name, Task task) const;
  // As they are now; never null.
  [[nodiscard]] Models models() const;
  // Is there any model for this task?
  [[nodiscard]] bool serves(Task task) const;
  // What to tell someone whose model is not here: names those that are.
  [[nodiscard]] std::string explain_missing(std::string_view name, Task task) const;

 private:
  void keep_pace(std::vector<Model>& models) const;
  mutable std::mutex mutex_;
  Models models_;
};

// Names that clients hard-code for a task: "whisper-1", "tts-1", "text-embedding-3-small", …
std::vector<std::string> well_known_names(Task task);

}  // namespace hearth::gateway
