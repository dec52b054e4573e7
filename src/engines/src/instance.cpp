#include "text.h"

#include <hearth/engines/instance.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::engines {
namespace {

constexpr std::size_t kMaxName = 48;
constexpr std::uint64_t kMemorySlack = 256ULL << 20;

const Serving* serving_of(const Manifest& engine, Task task) {
  const auto found = std::ranges::find(engine.serves, task, &Serving::task);
  return found == engine.serves.end() ? nullptr : &*found;
}

// As hexadecimal digits.
std::string short_hash(std::string_view text) {
  return fmt::format("{:08x}", fnv1a(text));
}

// Such a model cannot translate: it knows no other language.
bool only_english(const ModelFiles& model) {
  return model.languages.size() == 1 && model.languages.front() == "en";
}

void add(std::vector<std::string>& args, const std::vector<std::string>& more) {
  args.insert(args.end(), more.begin(), more.end());
}

}  // namespace

bool fits(const Manifest& engine, const ModelFiles& model) {
  const Serving* serving = serving_of(engine, model.task);
  return serving != nullptr && std::ranges::find(engine.formats, model.format) != engine.formats.end() &&
         model.files.contains("model") &&
         std::ranges::all_of(serving->needs, [&](const std::string& role) { return model.files.contains(role); });
}

bool takes_phonemes(const Manifest& engine, Task task) {
  const Serving* serving = serving_of(engine, task);
  return serving != nullptr && serving->takes_phonemes;
}

std::string instance_name(std::string_view engine, std::string_view model_id) {
  std::string name(engine);
  name += '-';
  bool exact = true;
  for (const char c : model_id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    exact = exact && (plain || c == '-');
    const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    name += plain || (low >= 'a' && low <= 'z') ? low : '-';
  }
  if (exact && name.size() <= kMaxName) return name;
  // What was changed or cut off could make two models one.
  const std::string hash = short_hash(model_id);
  name.resize(std::min(name.size(), kMaxName - hash.size() - 1));
  return name + '-' + hash;
}

Manifest instantiate(const Manifest& engine, const ModelFiles& model) {
  const Serving& serving = *serving_of(engine, model.task);
  Manifest instance = engine;
  instance.formats.clear();
  instance.serves.clear();
  instance.with.clear();
  instance.name = instance_name(engine.name, model.id);
  instance.title = fmt::format("{}: {}", engine.title, model.id);
  instance.data = model.folder;
  instance.models = {{model.id, model.task, model.languages, model.description}};
  for (const Task task : serving.also)
    if (task != Task::translation || !only_english(model))
      instance.models.push_back({model.id, task, model.languages, model.description});
  instance.canary = serving.canary;
  if (serving.concurrency) instance.concurrency = serving.concurrency;
  instance.ahead = serving.ahead;
  add(instance.args, serving.args);
  for (const auto& [role, args] : engine.with)
    if (model.files.contains(role)) add(instance.args, args);
  if (model.memory != 0) instance.reserve = model.memory;
  // Weights may be copied into another layout, so twice the expectation is no fault yet.
  instance.memory = std::max(engine.memory, 2 * model.memory + kMemorySlack);
  for (std::string& arg : instance.args) {
    for (const auto& [role, path] : model.files) replace_all(arg, fmt::format("{{{}}}", role), path.string());
    replace_all(arg, "{alias}", model.id);
    replace_all(arg, "{task}", model.kind.empty() ? to_string(model.task) : model.kind);
    replace_all(arg, "{context}", std::to_string(model.context));
  }
  return instance;
}

}  // namespace hearth::engines
