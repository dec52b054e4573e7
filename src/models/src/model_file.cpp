#include "readers.h"

#include <hearth/models/model_file.h>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace hearth::models {

Result<ModelFacts> read_model(ByteSource& source) {
  HEARTH_TRY_ASSIGN(const Format format, recognise(source));
  Result<ModelFacts> facts = format == Format::gguf   ? read_gguf(source)
                             : format == Format::onnx ? read_onnx(source)
                                                      : read_whisper(source);
  if (facts) facts->task = infer_task(*facts);
  return facts;
}

Result<ModelFacts> join_parts(std::vector<ModelFacts> parts) {
  if (parts.empty()) return fail(Errc::invalid_argument, "there are no parts to join");
  for (const ModelFacts& part : parts) {
    if (!part.split) return fail(Errc::invalid_argument, "one of the files is no part of a split model");
  }
  std::ranges::sort(parts, {}, [](const ModelFacts& part) { return part.split->index; });
  const std::uint32_t count = parts.front().split->count;
  for (std::size_t i = 0; i < std::max<std::size_t>(parts.size(), count); ++i) {
    if (i >= parts.size() || parts[i].split->index != i || parts[i].split->count != count)
      return fail(Errc::corrupt,
                  fmt::format("of the model's {} parts, number {} is missing or does not belong to the others; "
                              "pull the model again",
                              count, i + 1));
  }
  ModelFacts whole = std::move(parts.front());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const ModelFacts& part = parts[i];
    whole.file_bytes += part.file_bytes;
    whole.tensor_bytes += part.tensor_bytes;
    whole.tensors += part.tensors;
    whole.parameters += part.parameters;
    whole.largest_tensor = std::max(whole.largest_tensor, part.largest_tensor);
    whole.token_embedding = std::max(whole.token_embedding, part.token_embedding);
    for (const auto& [type, totals] : part.tensor_types) {
      TensorTotals& sum = whole.tensor_types[type];
      sum.count += totals.count;
      sum.elements += totals.elements;
      sum.bytes += totals.bytes;
    }
  }
  if (whole.split->tensors != whole.tensors)
    return fail(Errc::corrupt, fmt::format("the model's parts have {} tensors and should have {}; pull the model again",
                                           whole.tensors, whole.split->tensors));
  // Which layers are recurrent is known of the first part only.
  if (whole.transformer && count > 1) {
    whole.transformer->recurrent_by_layer.clear();
    whole.transformer->attention_by_layer.clear();
  }
  whole.split.reset();
  return whole;
}

Result<ModelFacts> inspect_model(const std::filesystem::path& path) {
  HEARTH_TRY_ASSIGN(FileSource source, FileSource::open(path));
  Result<ModelFacts> facts = read_model(source);
  if (facts) return facts;
  const std::string name = path.filename().string();
  if (facts.error().is(Errc::corrupt)) return fail(facts.error().wrap(name + " is damaged, pull the model again"));
  return fail(facts.error().wrap(name + " cannot be used"));
}

Result<ModelFacts> inspect_whole(const std::filesystem::path& model, const std::vector<std::filesystem::path>& parts) {
  HEARTH_TRY_ASSIGN(ModelFacts facts, inspect_model(model));
  if (facts.split) {
    std::vector<ModelFacts> all{std::move(facts)};
    for (const std::filesystem::path& part : parts) {
      HEARTH_TRY_ASSIGN(ModelFacts more, inspect_model(part));
      all.push_back(std::move(more));
    }
    return join_parts(std::move(all));
  }
  const auto size_of = [&](const std::string& location) -> std::optional<std::uint64_t> {
    std::error_code ec;
    const auto bytes = std::filesystem::file_size(model.parent_path() / location, ec);
    return ec ? std::nullopt : std::optional<std::uint64_t>(bytes);
  };
  HEARTH_TRY(check_external_files(facts, size_of));
  return facts;
}

}  // namespace hearth::models
