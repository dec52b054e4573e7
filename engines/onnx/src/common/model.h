// A model that is loaded and can be run. The interface between what runs models (runtime/) and what knows their tasks,
// which is tested with models made of plain code.
#pragma once

#include "tensor.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::onnx {

class Model {
 public:
  Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  virtual ~Model() = default;

  [[nodiscard]] virtual const std::vector<Port>& inputs() const = 0;
  [[nodiscard]] virtual const std::vector<Port>& outputs() const = 0;
  // What the file says about itself under this key; nullopt if nothing.
  [[nodiscard]] virtual std::optional<std::string> metadata(std::string_view key) const = 0;
  // Values for the inputs, in their order; gives the outputs, in theirs. Any thread, several at once.
  // invalid_argument (a shape the model refuses), resource_exhausted (no memory), too_large, unsupported, internal.
  [[nodiscard]] virtual Result<std::vector<Tensor>> run(const std::vector<Tensor>& inputs) const = 0;
};

// The position of the input or output with this name; nullopt if there is none.
std::optional<std::size_t> find_port(const std::vector<Port>& ports, std::string_view name);

// "input float32 [1, 3, ?, ?], state float32 [2, ?, 128]", for messages; the first dozen.
std::string to_text(const std::vector<Port>& ports);

}  // namespace hearth::onnx
