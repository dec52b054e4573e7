// Writes ONNX models for tests: protobuf's wire format by hand, the few messages that are needed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hearth::fixtures {

namespace protobuf {
std::string varint(std::uint64_t value);
std::string number(std::uint32_t field, std::uint64_t value);
std::string bytes(std::uint32_t field, std::string_view value);  // texts and messages alike
std::string real(std::uint32_t field, float value);
}  // namespace protobuf

// ONNX's numbers of types.
enum class OnnxKind : std::uint32_t { float32 = 1, uint8 = 2, int32 = 6, int64 = 7, boolean = 9 };

using OnnxSize = std::variant<std::int64_t, std::string>;  // known, or a symbol

std::string onnx_value(std::string_view name, OnnxKind kind, const std::vector<OnnxSize>& shape);
std::string onnx_floats(std::string_view name, const std::vector<std::int64_t>& shape, std::span<const float> values);
std::string onnx_integers(std::string_view name, const std::vector<std::int64_t>& shape,
                          std::span<const std::int64_t> values);
// Weights of `shape` that lie in the file `location`, from byte `offset` on.
std::string onnx_external(std::string_view name, const std::vector<std::int64_t>& shape, std::string_view location,
                          std::uint64_t offset);
std::string onnx_attribute(std::string_view name, std::int64_t value);
std::string onnx_attribute(std::string_view name, std::span<const std::int64_t> values);
std::string onnx_node(std::string_view op, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs, const std::vector<std::string>& attributes = {});

struct OnnxModel {
  std::vector<std::string> nodes;
  std::vector<std::string> initializers;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::int64_t ir_version = 8;
  std::int64_t opset = 13;
  [[nodiscard]] std::string bytes() const;
};

}  // namespace hearth::fixtures
