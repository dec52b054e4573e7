// The part of a manifest that makes it a template for models.
#include "manifest_parts.h"

#include <fmt/format.h>

#include <algorithm>

namespace hearth::engines {
namespace {

namespace fs = std::filesystem;

// Of a sequence of mappings; `read` gets each with its place.
template <typename Read>
Result<void> each_mapping(const Fields& manifest, std::string_view key, Read read) {
  const YAML::Node list = manifest.node(key);
  if (!list.IsDefined() || !list.IsSequence() || list.size() == 0 || list.size() > kMaxList)
    return fail(manifest.wrong(key, fmt::format("must be a list of 1 to {} mappings", kMaxList)));
  for (std::size_t i = 0; i < list.size(); ++i) {
    HEARTH_TRY(read(list[i], fmt::format("{}[{}]", key, i)));
  }
  return {};
}

Result<Serving> read_serving(const YAML::Node& node, std::string_view origin, const std::string& where,
                             const fs::path& folder) {
  HEARTH_TRY_ASSIGN(
      const Fields fields,
      Fields::of(node, origin, where, {"task", "also", "needs", "takes", "args", "concurrency", "ahead", "canary"}));
  Serving serving;
  HEARTH_TRY_ASSIGN(serving.task, read_task(fields));
  HEARTH_TRY_ASSIGN(serving.also, read_tasks(fields, "also"));
  HEARTH_TRY_ASSIGN(serving.args, fields.texts("args", kMaxList));
  HEARTH_TRY_ASSIGN(serving.needs, fields.texts("needs", kMaxList));
  HEARTH_TRY_ASSIGN(const auto takes, fields.text("takes"));
  if (takes && (*takes != "phonemes" || serving.task != Task::speech))
    return fail(fields.wrong("takes", "can only be phonemes, for speech"));
  serving.takes_phonemes = takes.has_value();
  if (fields.has("concurrency")) {
    HEARTH_TRY_ASSIGN(const auto number, fields.number("concurrency", 1, 1, 1024));
    serving.concurrency = static_cast<std::uint32_t>(number);
  }
  HEARTH_TRY_ASSIGN(const auto ahead, fields.number("ahead", 0, 0, 1024));
  serving.ahead = static_cast<std::uint32_t>(ahead);
  if (fields.has("canary")) {
    HEARTH_TRY_ASSIGN(serving.canary, read_canary(fields, origin, where + ".canary", folder));
  }
  return serving;
}

}  // namespace

Result<void> read_template(Manifest& manifest, const Fields& fields, std::string_view origin) {
  if (fields.has("models"))
    return fail(fields.wrong("models", "an engine has models of its own or loads others' (formats), not both"));
  HEARTH_TRY_ASSIGN(manifest.formats, fields.texts("formats", kMaxList));
  if (manifest.formats.empty()) return fail(fields.wrong("formats", "must name at least one format"));
  HEARTH_TRY(each_mapping(fields, "serves", [&](const YAML::Node& node, const std::string& where) -> Result<void> {
    HEARTH_TRY_ASSIGN(Serving serving, read_serving(node, origin, where, manifest.folder));
    if (std::ranges::find(manifest.serves, serving.task, &Serving::task) != manifest.serves.end())
      return fail(fields.wrong("serves", fmt::format("{} is listed twice", to_string(serving.task))));
    manifest.serves.push_back(std::move(serving));
    return {};
  }));
  if (!fields.has("with")) return {};
  return each_mapping(fields, "with", [&](const YAML::Node& node, const std::string& where) -> Result<void> {
    HEARTH_TRY_ASSIGN(const Fields entry, Fields::of(node, origin, where, {"file", "args"}));
    HEARTH_TRY_ASSIGN(const std::string role, entry.required_text("file"));
    HEARTH_TRY_ASSIGN(auto args, entry.texts("args", kMaxList));
    if (!manifest.with.emplace(role, std::move(args)).second)
      return fail(entry.wrong("file", fmt::format("{} is listed twice", role)));
    return {};
  });
}

}  // namespace hearth::engines
