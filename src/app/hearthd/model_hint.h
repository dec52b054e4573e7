// What is still missing to run a model that was just installed, in a sentence for whoever pulled it.
#pragma once

#include <hearth/engines/instance.h>
#include <hearth/engines/supervisor.h>
#include <hearth/models/model_manifest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace hearth::daemon {

// A model's files as an engine is asked whether it takes them.
engines::ModelFiles as_model_files(const models::ModelManifest& manifest, engines::Task task,
                                   const std::filesystem::path& folder);

// Empty: nothing is missing. `templates`: the engines that load models; `packs`: the folder of engine packs. Looks for
// a few files; any thread.
std::string engine_hint(const models::ModelManifest& manifest, const std::vector<engines::EngineSpec>& templates,
                        const std::filesystem::path& packs);

}  // namespace hearth::daemon
