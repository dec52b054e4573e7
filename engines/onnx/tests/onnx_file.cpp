#include "onnx_file.h"

#include <bit>
#include <cstring>

namespace hearth::onnx::testing {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are written as they lie in memory");

// Protocol buffers: a field is its number and wire type as a varint, then its value.
void varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>(static_cast<unsigned char>((value & 0x7FU) | 0x80U));
  out += static_cast<char>(static_cast<unsigned char>(value));
}
void number(std::string& out, unsigned field, std::int64_t value) {
  varint(out, std::uint64_t{field} << 3U);
  varint(out, std::bit_cast<std::uint64_t>(value));
}
void bytes_field(std::string& out, unsigned field, std::string_view value) {
  varint(out, std::uint64_t{field} << 3U | 2U);
  varint(out, value.size());
  out += value;
}

std::string value_info(std::string_view name, Type type, const Dims& dims) {
  std::string shape;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    std::string dim;
    if (dims[i] < 0) {
      bytes_field(dim, 2, std::string(name) + "_" + std::to_string(i));
    } else {
      number(dim, 1, dims[i]);
    }
    bytes_field(shape, 1, dim);
  }
  std::string tensor;
  number(tensor, 1, static_cast<std::int64_t>(type));
  bytes_field(tensor, 2, shape);
  std::string kind;
  bytes_field(kind, 1, tensor);
  std::string out;
  bytes_field(out, 1, name);
  bytes_field(out, 2, kind);
  return out;
}

template <typename T>
std::string tensor(std::string_view name, Type type, const Dims& dims, const std::vector<T>& values) {
  std::string out;
  for (const std::int64_t side : dims) number(out, 1, side);
  number(out, 2, static_cast<std::int64_t>(type));
  bytes_field(out, 8, name);
  std::string raw(values.size() * sizeof(T), '\0');
  std::memcpy(raw.data(), values.data(), raw.size());
  bytes_field(out, 9, raw);
  return out;
}

}  // namespace

void OnnxFile::input(std::string_view name, Type type, const Dims& dims) {
  bytes_field(inputs_, 11, value_info(name, type, dims));
}

void OnnxFile::output(std::string_view name, Type type, const Dims& dims) {
  bytes_field(outputs_, 12, value_info(name, type, dims));
}

void OnnxFile::constant(std::string_view name, const Dims& dims, const std::vector<float>& values) {
  bytes_field(constants_, 5, tensor(name, Type::float32, dims, values));
}

void OnnxFile::constant(std::string_view name, const Dims& dims, const std::vector<std::int64_t>& values) {
  bytes_field(constants_, 5, tensor(name, Type::int64, dims, values));
}

void OnnxFile::metadata(std::string_view key, std::string_view value) {
  std::string entry;
  bytes_field(entry, 1, key);
  bytes_field(entry, 2, value);
  bytes_field(metadata_, 14, entry);
}

void OnnxFile::node(std::string_view operation, const std::vector<std::string>& inputs,
                    const std::vector<std::string>& outputs, const std::vector<Attribute>& attributes) {
  constexpr std::int64_t kInteger = 2;
  constexpr std::int64_t kIntegers = 7;
  std::string out;
  for (const std::string& name : inputs) bytes_field(out, 1, name);
  for (const std::string& name : outputs) bytes_field(out, 2, name);
  bytes_field(out, 4, operation);
  for (const Attribute& a : attributes) {
    const bool list = a.list || a.integers.size() != 1;
    std::string attribute;
    bytes_field(attribute, 1, a.name);
    for (const std::int64_t i : a.integers) number(attribute, list ? 8 : 3, i);
    number(attribute, 20, list ? kIntegers : kInteger);
    bytes_field(out, 5, attribute);
  }
  bytes_field(nodes_, 1, out);
}

void OnnxFile::planted(std::string_view name, const Dims& dims, const std::vector<float>& base,
                       const std::vector<float>& weight, std::string_view from) {
  const std::string id(name);
  constant(id + "_base", dims, base);
  constant(id + "_weight", weight.size() == 1 ? Dims{1} : dims, weight);
  node("ReduceMean", {std::string(from)}, {id + "_mean"}, {{.name = "keepdims", .integers = {0}}});
  node("Mul", {id + "_weight", id + "_mean"}, {id + "_part"});
  node("Add", {id + "_base", id + "_part"}, {id});
  output(name, Type::float32, dims);
}

std::string OnnxFile::bytes() const {
  std::string graph = nodes_;
  bytes_field(graph, 2, "planted");
  graph += constants_ + inputs_ + outputs_;
  std::string opset;
  number(opset, 2, 13);
  std::string out;
  number(out, 1, 7);  // ir_version
  bytes_field(out, 7, graph);
  bytes_field(out, 8, opset);
  out += metadata_;
  return out;
}

}  // namespace hearth::onnx::testing
