// A model file run by ONNX Runtime.
#pragma once

#include "../common/model.h"

#include <filesystem>
#include <memory>

namespace hearth::onnx {

class Ort;

struct SessionOptions {
  int threads = 1;     // that one run may use
  bool arena = false;  // keep memory between runs; docs/quality.md says what it costs and brings
};

// The largest input or output: 64 million values are a picture of 4600 × 4600 in colour as floats.
inline constexpr std::size_t kMostValues = 64U << 20U;

// not_found, corrupt (not a model, or a damaged one), unsupported (an input that is no tensor of a known type),
// resource_exhausted. What the library prints meanwhile is swallowed: call it before there are other threads.
Result<std::unique_ptr<Model>> open_session(const std::shared_ptr<const Ort>& ort, const std::filesystem::path& file,
                                            const SessionOptions& options);

}  // namespace hearth::onnx
