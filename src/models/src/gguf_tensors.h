// GGUF's list of tensors: where each lies, and that it lies inside the file.
#pragma once

#include "byte_reader.h"

#include <hearth/models/model_facts.h>

#include <cstdint>

namespace hearth::models {

inline constexpr std::uint64_t kMaxGgufTensors = 131'072;

// Reads `count` infos and puts what they say into `facts` (totals, quantisation of most parameters, and which layers
// have attention or recurrent tensors, for as many layers as `facts.transformer` has). corrupt, io_error.
Result<void> read_gguf_tensors(ByteReader& reader, std::uint64_t count, std::uint64_t alignment,
                               std::uint64_t file_size, ModelFacts& facts);

}  // namespace hearth::models
