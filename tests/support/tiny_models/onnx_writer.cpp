#include "onnx_writer.h"

#include "gguf_writer.h"

namespace hearth::fixtures {
namespace protobuf {

std::string varint(std::uint64_t value) {
  std::string out;
  while (value >= 0x80) {
    out.push_back(static_cast<char>((value & 0x7Fu) | 0x80u));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
  return out;
}
std::string number(std::uint32_t field, std::uint64_t value) {
  return varint(std::uint64_t{field} << 3) + varint(value);
}
std::string bytes(std::uint32_t field, std::string_view value) {
  return varint((std::uint64_t{field} << 3) | 2u) + varint(value.size()) + std::string(value);
}
std::string real(std::uint32_t field, float value) {
  return varint((std::uint64_t{field} << 3) | 5u) + little(value);
}

}  // namespace protobuf

namespace pb = protobuf;

namespace {

std::string tensor_head(std::string_view name, const std::vector<std::int64_t>& shape, OnnxKind kind) {
  std::string out;
  for (const std::int64_t size : shape) out += pb::number(1, static_cast<std::uint64_t>(size));
  return out + pb::number(2, static_cast<std::uint64_t>(kind)) + pb::bytes(8, name);
}

std::string pair(std::string_view key, std::string_view value) {
  return pb::bytes(1, key) + pb::bytes(2, value);
}

}  // namespace

std::string onnx_value(std::string_view name, OnnxKind kind, const std::vector<OnnxSize>& shape) {
  std::string dimensions;
  for (const OnnxSize& size : shape) {
    const auto* known = std::get_if<std::int64_t>(&size);
    dimensions += pb::bytes(
        1, known ? pb::number(1, static_cast<std::uint64_t>(*known)) : pb::bytes(2, std::get<std::string>(size)));
  }
  const std::string tensor = pb::number(1, static_cast<std::uint64_t>(kind)) + pb::bytes(2, dimensions);
  return pb::bytes(1, name) + pb::bytes(2, pb::bytes(1, tensor));
}

std::string onnx_floats(std::string_view name, const std::vector<std::int64_t>& shape, std::span<const float> values) {
  std::string raw;
  for (const float value : values) raw += little(value);
  return tensor_head(name, shape, OnnxKind::float32) + pb::bytes(9, raw);
}

std::string onnx_integers(std::string_view name, const std::vector<std::int64_t>& shape,
                          std::span<const std::int64_t> values) {
  std::string raw;
  for (const std::int64_t value : values) raw += little(value);
  return tensor_head(name, shape, OnnxKind::int64) + pb::bytes(9, raw);
}

std::string onnx_external(std::string_view name, const std::vector<std::int64_t>& shape, std::string_view location,
                          std::uint64_t offset) {
  return tensor_head(name, shape, OnnxKind::float32) + pb::bytes(13, pair("location", location)) +
         pb::bytes(13, pair("offset", std::to_string(offset))) + pb::number(14, 1);
}

std::string onnx_attribute(std::string_view name, std::int64_t value) {
  return pb::bytes(1, name) + pb::number(3, static_cast<std::uint64_t>(value)) + pb::number(20, 2);
}

std::string onnx_attribute(std::string_view name, std::span<const std::int64_t> values) {
  std::string out = pb::bytes(1, name);
  for (const std::int64_t value : values) out += pb::number(8, static_cast<std::uint64_t>(value));
  return out + pb::number(20, 7);
}

std::string onnx_node(std::string_view op, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs, const std::vector<std::string>& attributes) {
  std::string out;
  for (const std::string& input : inputs) out += pb::bytes(1, input);
  for (const std::string& output : outputs) out += pb::bytes(2, output);
  out += pb::bytes(3, outputs.front() + "_node") + pb::bytes(4, op);
  for (const std::string& attribute : attributes) out += pb::bytes(5, attribute);
  return out;
}

std::string OnnxModel::bytes() const {
  std::string graph;
  for (const std::string& node : nodes) graph += pb::bytes(1, node);
  graph += pb::bytes(2, "tiny");
  for (const std::string& initializer : initializers) graph += pb::bytes(5, initializer);
  for (const std::string& input : inputs) graph += pb::bytes(11, input);
  for (const std::string& output : outputs) graph += pb::bytes(12, output);
  std::string model = pb::number(1, static_cast<std::uint64_t>(ir_version)) + pb::bytes(2, "hearth-fixtures") +
                      pb::bytes(3, "1") + pb::bytes(7, graph) +
                      pb::bytes(8, pb::bytes(1, "") + pb::number(2, static_cast<std::uint64_t>(opset)));
  for (const auto& [key, value] : metadata) model += pb::bytes(14, pair(key, value));
  return model;
}

}  // namespace hearth::fixtures
