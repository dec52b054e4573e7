#include "model_hint.h"

#include "tasks.h"

#include <hearth/engines/pack.h>

#include <fmt/format.h>

#include <algorithm>

namespace hearth::daemon {

engines::ModelFiles as_model_files(const models::ModelManifest& manifest, engines::Task task,
                                   const std::filesystem::path& folder) {
  engines::ModelFiles files;
  files.id = manifest.name;
  files.task = task;
  files.kind = manifest.task;
  files.format = manifest.format;
  files.folder = folder;
  files.context = static_cast<std::uint32_t>(std::min<std::uint64_t>(manifest.context, 1U << 24U));
  files.memory = manifest.memory;
  files.languages = manifest.languages;
  files.description = manifest.description;
  // Of several of one role, the first leads to the others.
  for (const models::ModelFile& file : manifest.files) files.files.emplace(file.role, folder / file.name);
  return files;
}

std::string engine_hint(const models::ModelManifest& manifest, const std::vector<engines::EngineSpec>& templates,
                        const std::filesystem::path& packs) {
  const auto task = engine_task(manifest.task);
  if (!task) return {};
  const engines::ModelFiles files = as_model_files(manifest, *task, {});
  std::string missing;
  for (const engines::EngineSpec& spec : templates) {
    if (!engines::fits(spec.manifest, files)) continue;
    const std::string& pack = spec.manifest.pack;
    if (pack.empty() || engines::current_pack(packs, pack)) return {};
    if (missing.empty()) missing = fmt::format("`hearth engines install {}` makes the engine that runs it", pack);
  }
  return missing.empty() ? fmt::format("no engine of this box runs it ({}, {})", manifest.format, manifest.task)
                         : missing;
}

}  // namespace hearth::daemon
