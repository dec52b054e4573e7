// How much memory a model will take, from its header: what the ledger reserves before an engine starts, until it has
// measured peaks. Pure functions.
#pragma once

#include <hearth/core/error.h>
#include <hearth/models/model_facts.h>

#include <cstdint>
#include <string>

namespace hearth::models {

// How the engine will be started. Zeros mean the engine's own default.
struct RunOptions {
  std::uint32_t context = 0;     // tokens of all slots together (llama-server's -c); 0: what the model was trained for
  std::uint32_t slots = 1;       // requests at once (llama-server's -np)
  std::uint32_t batch = 512;     // tokens computed in one go (llama-server's -ub)
  std::string key_type = "F16";  // of the cache: F32, F16, BF16, Q8_0, Q5_1, Q5_0, Q4_1, Q4_0, IQ4_NL
  std::string value_type = "F16";
  bool flash_attention = true;
  std::uint32_t threads = 4;
};

enum class Trust {
  calculated,   // everything that takes memory was known
  upper_bound,  // something was unknown and taken at its largest
  guess,        // the format does not say what running it takes
};
std::string_view to_string(Trust trust) noexcept;

// All in bytes.
struct MemoryNeed {
  std::uint64_t weights = 0;
  std::uint64_t cache = 0;      // keys and values, and recurrent state; grows with the context
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
// resource_exhausted: not even `smallest` tokens a slot fit; the message says how much is missing.
Result<std::uint32_t> largest_context(const ModelFacts& model, RunOptions options, std::uint64_t budget,
                                      const ModelFacts* projector = nullptr, std::uint32_t smallest = 512);

}  // namespace hearth::models
