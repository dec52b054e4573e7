// A model made of plain code.
#pragma once

#include "common/model.h"
#include "common/pixels.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hearth::onnx::testing {

class FakeModel : public Model {
 public:
  using Run = std::function<Result<std::vector<Tensor>>(const std::vector<Tensor>&)>;
  FakeModel(std::vector<Port> inputs, std::vector<Port> outputs, Run run)
      : inputs_(std::move(inputs)), outputs_(std::move(outputs)), run_(std::move(run)) {}
  [[nodiscard]] const std::vector<Port>& inputs() const override { return inputs_; }
  [[nodiscard]] const std::vector<Port>& outputs() const override { return outputs_; }
  [[nodiscard]] std::optional<std::string> metadata(std::string_view key) const override {
    const auto at = said.find(std::string(key));
    if (at == said.end()) return std::nullopt;
    return at->second;
  }
  [[nodiscard]] Result<std::vector<Tensor>> run(const std::vector<Tensor>& inputs) const override {
    return run_(inputs);
  }
  std::map<std::string, std::string> said;

 private:
  std::vector<Port> inputs_;
  std::vector<Port> outputs_;
  Run run_;
};

inline Tensor floats(Shape shape, std::vector<float> values) {
  return {.shape = std::move(shape), .values = std::move(values)};
}

// A picture of one colour; `bytes` must outlive the view.
inline PictureView picture_of(std::vector<std::uint8_t>& bytes, int width, int height, std::uint8_t red,
                              std::uint8_t green, std::uint8_t blue) {
  bytes.clear();
  for (int i = 0; i < width * height; ++i) bytes.insert(bytes.end(), {red, green, blue});
  return {bytes, width, height, 3};
}

}  // namespace hearth::onnx::testing
