#include <hearth/gateway/catalogue.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace hearth::gateway {

std::string_view to_string(Task task) noexcept {
  switch (task) {
    case Task::embedding:
      return "embedding";
    case Task::speech:
      return "speech";
    case Task::transcription:
      return "transcription";
    case Task::translation:
      return "translation";
    case Task::ocr:
      return "ocr";
    case Task::detection:
      return "detection";
    case Task::chat:
      return "chat";
    case Task::rerank:
      return "rerank";
  }
  return "unknown";
}

std::vector<std::string> well_known_names(Task task) {
  switch (task) {
    case Task::embedding:
      return {"text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002"};
    case Task::speech:
      return {"tts-1", "tts-1-hd", "gpt-4o-mini-tts"};
    case Task::transcription:
      return {"whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"};
    case Task::translation:
      return {"whisper-1"};
    case Task::ocr:
      return {"mistral-ocr-latest", "mistral-ocr-2505"};
    default:
      return {};
  }
}

void Catalogue::replace(std::vector<Model> models) {
  // The first model of a task serves the names that clients have built in.
  std::vector<Task> seen;
  for (Model& model : models) {
    if (std::ranges::find(seen, model.task) != seen.end()) continue;
    seen.push_back(model.task);
    const std::vector<std::string> names = well_known_names(model.task);
    model.aliases.insert(model.aliases.end(), names.begin(), names.end());
  }
  keep_pace(models);
  auto next = std::make_shared<const std::vector<Model>>(std::move(models));
  const std::lock_guard lock(mutex_);
  models_.swap(next);
}

// A model is as fast as it was before others came or went.
void Catalogue::keep_pace(std::vector<Model>& models) const {
  const Models before = this->models();
  if (before == nullptr) return;
  for (Model& model : models) {
    const auto same = [&](const Model& one) {
      return one.id == model.id && one.task == model.task && one.revision == model.revision;
    };
    if (const auto was = std::ranges::find_if(*before, same); was != before->end()) model.pace = was->pace;
  }
}

Models Catalogue::models() const {
  const std::lock_guard lock(mutex_);
  return models_;
}

std::shared_ptr<const Model> Catalogue::find(std::string_view name, Task task) const {
  const bool any = name.empty() || name == "auto";
  const Models all = models();
  for (const Model& model : *all) {
    if (model.task == task &&
        (any || model.id == name || std::ranges::find(model.aliases, name) != model.aliases.end()))
      return {all, &model};
  }
  return nullptr;
}

bool Catalogue::serves(Task task) const {
  return std::ranges::any_of(*models(), [&](const Model& m) { return m.task == task; });
}

std::string Catalogue::explain_missing(std::string_view name, Task task) const {
  const Models all = models();
  std::vector<std::string> here;
  for (const Model& model : *all)
    if (model.task == task) here.push_back(model.id);
  if (here.empty()) return fmt::format("no model for {} is on this box; `hearth pull NAME` gets one", to_string(task));
  for (const Model& model : *all) {
    if (model.id == name)
      return fmt::format("the model '{}' does {}, not {}; for that this box has {}", name, to_string(model.task),
                         to_string(task), fmt::join(here, ", "));
  }
  return fmt::format("no model '{}' for {} is on this box; it has {}, and `hearth pull NAME` gets more",
                     name.substr(0, 100), to_string(task), fmt::join(here, ", "));
}

}  // namespace hearth::gateway
