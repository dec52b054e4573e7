// Model files are checked before an engine sees them: a broken one is refused here, with the reason, and not by a
// crash.
//
// GGUF (versions 2 and 3), ONNX, and whisper.cpp's .bin. Only headers are read, whatever a file claims: memory stays
// under 64 MiB, a header under 256 MiB, and weights are never touched, except that ONNX keeps its own between the rest,
// where they are skipped.
#pragma once

#include <hearth/core/error.h>
#include <hearth/models/model_facts.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hearth::models {

// What `path` holds. Blocking: not for the I/O thread. A file that must be whole is checked as far as its header
// goes: every tensor lies inside it, none overlaps another.
// not_found, io_error; corrupt: truncated or contradicts itself, with the byte where; unsupported: a good file of a
// kind no engine here reads (what it is, if it can be told), or a newer version of one.
Result<ModelFacts> inspect_model(const std::filesystem::path& path);

// ONNX may keep weights in files beside the model: are they all there, and long enough? `size_of` gives a file's bytes
// by its name; nullopt: it is not there.
// corrupt: one is missing or too short, and which.
using SizeOf = std::function<std::optional<std::uint64_t>(const std::string& location)>;
Result<void> check_external_files(const ModelFacts& facts, const SizeOf& size_of);

// A model that comes as several GGUF files: the facts of each, in any order, into those of the whole, which
// predict_memory() wants. Pure.
// invalid_argument: one is no part, or there are none; corrupt: parts are missing, there twice, or have too few
// tensors.
Result<ModelFacts> join_parts(std::vector<ModelFacts> parts);

// The facts of a model in one or several files: `parts` are the others of a split GGUF, in any order. Weights beside an
// ONNX model must lie in its folder. Blocking. As inspect_model() and join_parts().
Result<ModelFacts> inspect_whole(const std::filesystem::path& model, const std::vector<std::filesystem::path>& parts);

// What a model is for, as far as its facts tell; inspect_model() has put it into `task`. Pure.
Task infer_task(const ModelFacts& facts);

}  // namespace hearth::models
