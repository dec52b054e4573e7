// Writes small ONNX files, so that the real runtime can be given models of any shape with planted outputs. Only what
// the tests need of the format (onnx.proto3, opset 13); written from its public description.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::onnx::testing {

enum class Type { float32 = 1, uint8 = 2, int32 = 6, int64 = 7, float16 = 10 };

using Dims = std::vector<std::int64_t>;  // -1: any

class OnnxFile {
 public:
  void input(std::string_view name, Type type, const Dims& dims);
  void output(std::string_view name, Type type, const Dims& dims);
  void constant(std::string_view name, const Dims& dims, const std::vector<float>& values);
  void constant(std::string_view name, const Dims& dims, const std::vector<std::int64_t>& values);
  void metadata(std::string_view key, std::string_view value);

  struct Attribute {
    std::string name;
    std::vector<std::int64_t> integers;  // one: an integer, several (or `list`): a list
    bool list = false;
  };
  void node(std::string_view operation, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
            const std::vector<Attribute>& attributes = {});

  // A float output that is base + weight · (mean of the float input `from`), value by value: shapes and numbers are as
  // planted, and yet depend on what the model was given. A scalar weight of 0 makes it constant.
  void planted(std::string_view name, const Dims& dims, const std::vector<float>& base,
               const std::vector<float>& weight, std::string_view from);

  [[nodiscard]] std::string bytes() const;

 private:
  std::string nodes_;
  std::string constants_;
  std::string inputs_;
  std::string outputs_;
  std::string metadata_;
};

}  // namespace hearth::onnx::testing
