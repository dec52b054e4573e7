// How much memory a model will take, from its header: what the ledger reserves before an engine starts, until it has
// measured peaks. Pure functions.
#pragma once

#include <hearth/core/error.h>
#include <hearth/models/model_facts.h>

#include <cstdint>
#include <string>

namespace hearth::models {

// How the engine will be started.
struct RunOptions {
  // llama.cpp
  std::uint32_t context = 0;  // tokens of all slots together (-c); 0: for each slot what the model was trained for
  std::uint32_t slots = 1;    // requests at once (-np)
  std::uint32_t batch = 512;  // tokens computed in one go (-ub)
  // Of the cache (-ctk, -ctv): F32, F16, BF16, Q8_0, Q5_1, Q5_0, Q4_1, Q4_0, IQ4_NL.
  std::string key_type = "F16";
  std::string value_type = "F16";
  bool flash_attention = true;     // llama-server's default where it can (-fa auto)
  bool repack = true;              // it copies weights of some types into a faster layout (off: --no-repack)
  bool arm = kArm;                 // there it has such layouts for more types
  std::uint32_t checkpoints = 0;   // states kept of each slot, of recurrent and windowed models (--ctx-checkpoints)
  std::uint64_t prompt_cache = 0;  // bytes (--cache-ram)
  std::uint32_t threads = 4;
  // whisper.cpp
  std::uint32_t decoders = 5;    // texts followed at once (beam size, best of)
  std::uint32_t recording = 60;  // seconds of sound held at once
  // ONNX Runtime
  std::uint32_t picture_side = 960;  // of the largest square picture, where the model takes any size
  std::uint32_t tokens = 512;        // of the longest text, where the model takes any length

#ifdef __aarch64__
  static constexpr bool kArm = true;
#else
  static constexpr bool kArm = false;
#endif
};

enum class Trust {
  calculated,   // everything that takes memory was known
  upper_bound,  // something was unknown and taken at its largest
  guess,        // the format does not say what running it takes
};
std::string_view to_string(Trust trust) noexcept;

// All in bytes.
struct MemoryNeed {
  std::uint64_t weights = 0;    // a mapped file's pages included, which the kernel can drop when it must
  std::uint64_t cache = 0;      // keys and values, recurrent state, kept prompts; grows with the context
  std::uint64_t compute = 0;    // what one batch needs between layers
  std::uint64_t projector = 0;  // the projector's weights and what one picture needs
  std::uint64_t program = 0;    // the engine's own code and tables, vocabulary included
  Trust trust = Trust::calculated;
  std::string note;  // what was not known; empty when calculated
  [[nodiscard]] std::uint64_t total() const noexcept;
};

// `projector`: the facts of the model's mmproj file, or nullptr. invalid_argument: a cache type there is not, slots or
// batch of 0, or `projector` is none.
Result<MemoryNeed> predict_memory(const ModelFacts& model, const RunOptions& options,
                                  const ModelFacts* projector = nullptr);

// The largest context, in tokens of all slots together and a multiple of 256 × slots (of 1 below that), for which
// predict_memory() stays within `budget` bytes; never more than the model was trained for, times the slots.
// resource_exhausted: not even `smallest` tokens a slot (or what it was trained for, if that is less) fit; the message
// says how much is missing. unsupported: the model has no context.
Result<std::uint32_t> largest_context(const ModelFacts& model, RunOptions options, std::uint64_t budget,
                                      const ModelFacts* projector = nullptr, std::uint32_t smallest = 512);

}  // namespace hearth::models
