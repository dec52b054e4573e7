// From a transformer's output for each token to one vector for the text. Pure.
#pragma once

#include <hearth/core/error.h>

#include <embedder.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace hearth::onnx {

enum class Pooling { mean, cls };

// `hidden`: tokens × width, row by row; all tokens count (there is no padding). The vector has length one; `into` takes
// its first components, at length one again. corrupt when the model gave numbers that are none, or only zeros.
Result<void> pool_into(std::span<const float> hidden, std::size_t width, Pooling pooling,
                       std::span<embed::Component> into);

}  // namespace hearth::onnx
