// What goes into a model and comes out of it: numbers with a shape. Values only.
#pragma once

#include <hearth/core/error.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace hearth::onnx {

using Shape = std::vector<std::int64_t>;

enum class Element { float32, int64, int32, uint8 };

struct Tensor {
  Shape shape;
  std::variant<std::vector<float>, std::vector<std::int64_t>, std::vector<std::int32_t>, std::vector<std::uint8_t>>
      values;
  [[nodiscard]] Element element() const { return static_cast<Element>(values.index()); }
};

// One of a model's inputs or outputs. A dimension that the model leaves open is -1; so is one that makes no sense.
struct Port {
  std::string name;
  Element element = Element::float32;
  Shape shape;
};

// How many values a shape holds; too_large past `most`, corrupt for a negative dimension. A scalar (no dimensions)
// holds 1.
Result<std::size_t> count_of(const Shape& shape, std::size_t most);

// "[1, 3, ?, 352]"
std::string to_text(const Shape& shape);

// The values of an output that must be floats in `wanted`'s shape, in which -1 fits any size. corrupt, with `what` and
// both shapes, if it is not so.
Result<std::span<const float>> floats_of(const Tensor& tensor, const Shape& wanted, std::string_view what);

}  // namespace hearth::onnx
