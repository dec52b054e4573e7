// The readers of the single formats. Each gets bytes that begin like its format and fills in everything but the task.
// corrupt, unsupported, io_error.
#pragma once

#include "byte_reader.h"

#include <hearth/models/model_facts.h>

namespace hearth::models {

// By the first bytes; unsupported with what it is instead, where that can be told. ONNX has no mark of its own: what is
// nothing else and begins like a protobuf message is taken for it.
Result<Format> recognise(ByteSource& source);

Result<ModelFacts> read_gguf(ByteSource& source);
Result<ModelFacts> read_onnx(ByteSource& source);
Result<ModelFacts> read_whisper(ByteSource& source);

// recognise(), the reader for it, and the task.
Result<ModelFacts> read_model(ByteSource& source);

}  // namespace hearth::models
