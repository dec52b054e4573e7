#include "fit_llama.h"
#include "saturating.h"

#include <hearth/core/units.h>
#include <hearth/models/fit.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace hearth::models {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

constexpr std::array<std::string_view, 9> kCacheTypes{"F32",  "F16",  "BF16", "Q8_0",  "Q5_1",
                                                      "Q5_0", "Q4_1", "Q4_0", "IQ4_NL"};

void take(MemoryNeed& need, std::uint64_t& into, const Part& part) {
  into += part.bytes;
  if (part.unknown.empty()) return;
  if (need.trust == Trust::calculated) need.trust = Trust::upper_bound;
  need.note += (need.note.empty() ? "not known: " : ", ") + part.unknown;
}

MemoryNeed llama_need(const ModelFacts& model, const RunOptions& options) {
  MemoryNeed need;
  need.weights = llama_weights(model, options);
  if (model.transformer->layers == 0 || model.transformer->embedding_length == 0) {
    need.trust = Trust::guess;
    need.note = "the file does not say how large its layers are";
    need.compute = std::max(model.tensor_bytes / 4, 64 * kMiB);
  } else {
    take(need, need.cache, llama_cache(model, options));
    take(need, need.compute, llama_compute(model, options));
  }
  need.cache = (Amount(need.cache) + options.prompt_cache).value();
  need.program = llama_program(model, options);
  return need;
}

// whisper.cpp: keys and values of the text so far, of the sound heard, and of one layer that is padded; what its four
// graphs compute with (convolution, encoder, cross attention, decoder); and the sound itself. The cache for several
// texts at once is larger by two than their number. The formulas give whisper.cpp's own figures for tiny to medium
// (docs/model-files.md).
MemoryNeed whisper_need(const ModelFacts& model, const RunOptions& options) {
  MemoryNeed need;
  need.weights = model.tensor_bytes;
  need.program = 24 * kMiB + options.threads * kMiB / 4;
  if (!model.whisper) {  // the voice detector
    need.compute = 4 * kMiB;
    return need;
  }
  const WhisperFacts& w = *model.whisper;
  const auto padded = [](std::uint64_t tokens) { return (tokens + 255) / 256 * 256; };
  const std::uint64_t copies = options.decoders > 1 ? std::uint64_t{options.decoders} + 2 : 1;
  const Amount state = std::max(w.text_state, w.audio_state);
  need.cache =
      (Amount(4) * state * w.text_layers * (Amount(padded(w.text_context)) * copies + padded(w.audio_context)) +
       Amount(4) * w.audio_state * padded(w.audio_context))
          .value();
  constexpr std::uint64_t kSamples = 16'000;  // a second, and a hundred columns of the spectrogram
  need.compute = (state * (std::uint64_t{w.audio_context} * 48 + std::uint64_t{w.text_context} * 8) +
                  Amount(w.vocabulary) * 4 * w.text_context + 10 * kMiB +
                  Amount(options.recording) * 4 * (kSamples + 100 * std::uint64_t{w.mels}))
                     .value();
  if (w.without_weights) {
    need.trust = Trust::guess;
    need.note = "the file has no weights";
  }
  return need;
}

std::uint64_t value_bytes(const OnnxValue& value, const RunOptions& options) {
  std::uint64_t elements = 1;
  for (std::size_t i = 0; i < value.shape.size(); ++i) {
    // What is not fixed: one request; of pictures the side, of texts the length.
    const std::uint64_t open = i == 0 ? 1 : value.shape.size() == 4 ? options.picture_side : options.tokens;
    const std::uint64_t size = std::max<std::uint64_t>(value.shape[i].size.value_or(open), 1);
    if (__builtin_mul_overflow(elements, size, &elements) || elements > (std::uint64_t{1} << 40))
      return std::uint64_t{1} << 42;
  }
  return elements * 4;
}

// ONNX Runtime says nothing beforehand. Measured on detectors (docs/model-files.md): eleven to twenty-five times the
// picture, weights twice while they are rearranged, and what every node and constant costs.
MemoryNeed onnx_need(const ModelFacts& model, const RunOptions& options) {
  constexpr std::uint64_t kPictures = 26;
  const OnnxFacts& onnx = *model.onnx;
  MemoryNeed need;
  need.trust = Trust::guess;
  need.note = "the format does not say what running it takes";
  need.weights = model.tensor_bytes * 2;
  std::uint64_t nodes = 0;
  for (const auto& [name, count] : onnx.operators) nodes += count;
  std::uint64_t largest = onnx.largest_known_value * 4;
  for (const OnnxValue& value : onnx.inputs) {
    const bool picture = value.shape.size() == 4;
    largest = std::max(largest, value_bytes(value, options) * (picture ? kPictures : 64));
  }
  std::uint64_t answers = 0;
  for (const OnnxValue& value : onnx.outputs) answers += value_bytes(value, options);
  need.compute = largest + answers + 2 * kMiB;
  need.program = 40 * kMiB + nodes * 16 * 1024;
  return need;
}

}  // namespace

std::string_view to_string(Trust trust) noexcept {
  switch (trust) {
    case Trust::calculated:
      return "calculated";
    case Trust::upper_bound:
      return "upper bound";
    case Trust::guess:
      return "guess";
  }
  return "unknown";
}

std::uint64_t MemoryNeed::total() const noexcept {
  return weights + cache + compute + projector + program;
}

Result<MemoryNeed> predict_memory(const ModelFacts& model, const RunOptions& options, const ModelFacts* projector) {
  if (options.slots == 0 || options.slots > 4096 || options.batch == 0 || options.batch > 1'000'000)
    return fail(Errc::invalid_argument,
                fmt::format("{} slots of {} tokens a batch cannot be run; give from 1 to 4096 slots", options.slots,
                            options.batch));
  for (const std::string_view type : {std::string_view(options.key_type), std::string_view(options.value_type)}) {
    if (std::ranges::find(kCacheTypes, type) == kCacheTypes.end())
      return fail(Errc::invalid_argument, fmt::format("'{}' is no type for a cache; use F16, Q8_0 or Q4_0", type));
  }
  if (projector && !projector->projector)
    return fail(Errc::invalid_argument, "the file given as the projector is none (llama.cpp's mmproj)");
  MemoryNeed need;
  if (model.transformer) {
    need = llama_need(model, options);
  } else if (model.projector) {
    take(need, need.projector, projector_need(model));
  } else if (model.format == Format::gguf) {
    need.weights = llama_weights(model, options);
    need.trust = Trust::guess;
    need.note = "it is a part of a model: join the parts first";
  } else if (model.format == Format::onnx && model.onnx) {
    need = onnx_need(model, options);
  } else {
    need = whisper_need(model, options);
  }
  if (projector) take(need, need.projector, projector_need(*projector));
  return need;
}

Result<std::uint32_t> largest_context(const ModelFacts& model, RunOptions options, std::uint64_t budget,
                                      const ModelFacts* projector, std::uint32_t smallest) {
  if (!model.transformer || model.transformer->context_length == 0)
    return fail(Errc::unsupported, "this model has no context whose size could be chosen");
  const std::uint64_t trained = model.transformer->context_length;
  const std::uint64_t slots = std::max(options.slots, 1u);
  const std::uint64_t most = std::min<std::uint64_t>(trained, std::numeric_limits<std::uint32_t>::max() / slots);
  const auto total = [&](std::uint64_t each) -> Result<std::uint64_t> {
    options.context = static_cast<std::uint32_t>(each * slots);
    HEARTH_TRY_ASSIGN(const MemoryNeed need, predict_memory(model, options, projector));
    return need.total();
  };
  const std::uint64_t least = std::clamp<std::uint64_t>(smallest, 1, most);
  HEARTH_TRY_ASSIGN(const std::uint64_t needed, total(least));
  if (needed > budget)
    return fail(
        Errc::resource_exhausted,
        fmt::format("it needs {} with the smallest context, {} tokens, and there are {}: {} are missing; choose a "
                    "smaller model or quantisation, or free memory",
                    format_bytes(needed), least * slots, format_bytes(budget), format_bytes(needed - budget)));
  // It grows with the context, so halving finds the border: `fits` fits, `over` does not.
  constexpr std::uint64_t kStep = 256;
  HEARTH_TRY_ASSIGN(const std::uint64_t at_most, total(most));
  if (at_most <= budget) return static_cast<std::uint32_t>(most * slots);
  std::uint64_t fits = least / kStep;
  std::uint64_t over = most / kStep + 1;
  while (over - fits > 1) {
    const std::uint64_t middle = (fits + over) / 2;
    HEARTH_TRY_ASSIGN(const std::uint64_t here, total(std::min(middle * kStep, most)));
    (here <= budget ? fits : over) = middle;
  }
  return static_cast<std::uint32_t>(std::max(fits * kStep, least) * slots);
}

}  // namespace hearth::models
