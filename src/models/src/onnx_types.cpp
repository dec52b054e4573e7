#include "onnx_types.h"

#include <algorithm>
#include <array>

namespace hearth::models {
namespace {

constexpr std::array kTypes{
    OnnxType{1, "float32", 32},    OnnxType{2, "uint8", 8},           OnnxType{3, "int8", 8},
    OnnxType{4, "uint16", 16},     OnnxType{5, "int16", 16},          OnnxType{6, "int32", 32},
    OnnxType{7, "int64", 64},      OnnxType{8, "string", 0},          OnnxType{9, "bool", 8},
    OnnxType{10, "float16", 16},   OnnxType{11, "float64", 64},       OnnxType{12, "uint32", 32},
    OnnxType{13, "uint64", 64},    OnnxType{14, "complex64", 64},     OnnxType{15, "complex128", 128},
    OnnxType{16, "bfloat16", 16},  OnnxType{17, "float8e4m3fn", 8},   OnnxType{18, "float8e4m3fnuz", 8},
    OnnxType{19, "float8e5m2", 8}, OnnxType{20, "float8e5m2fnuz", 8}, OnnxType{21, "uint4", 4},
    OnnxType{22, "int4", 4},       OnnxType{23, "float4e2m1", 4},
};

}  // namespace

const OnnxType* find_onnx_type(std::int64_t number) noexcept {
  const auto* found = std::ranges::find(kTypes, number, &OnnxType::number);
  return found == kTypes.end() ? nullptr : found;
}

}  // namespace hearth::models
