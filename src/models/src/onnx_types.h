// ONNX's kinds of numbers (onnx.proto, TensorProto.DataType).
#pragma once

#include <cstdint>
#include <string_view>

namespace hearth::models {

struct OnnxType {
  std::int64_t number;
  std::string_view name;
  std::uint32_t bits;  // of one element; 0: varies (texts)
};
// nullptr: undefined, or a newer ONNX's.
const OnnxType* find_onnx_type(std::int64_t number) noexcept;

}  // namespace hearth::models
