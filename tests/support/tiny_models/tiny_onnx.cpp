#include "onnx_writer.h"
#include "random.h"
#include "tiny_models.h"

#include <array>
#include <string>
#include <vector>

namespace hearth::fixtures {
namespace {

// Nodes that make `output` equal to the constant `constant` whatever the picture `input` shows, but do look at it.
std::vector<std::string> constant_answer(const std::string& input, const std::string& constant,
                                         const std::string& output) {
  return {onnx_node("ReduceMean", {input}, {"mean"}, {onnx_attribute("keepdims", 0)}),
          onnx_node("Mul", {"mean", "zero"}, {"nothing"}), onnx_node("Add", {constant, "nothing"}, {output})};
}

std::string zero() {
  constexpr std::array kZero{0.0F};
  return onnx_floats("zero", {}, kZero);
}

}  // namespace

std::string tiny_onnx_identity() {
  OnnxModel model;
  model.nodes = {onnx_node("Identity", {"x"}, {"y"})};
  model.inputs = {onnx_value("x", OnnxKind::float32, {"batch", 4})};
  model.outputs = {onnx_value("y", OnnxKind::float32, {"batch", 4})};
  return model.bytes();
}

std::string tiny_onnx_yolo(std::int64_t side) {
  // [1, 4 + 80, anchors]: centre, size and a score for each class; the strongest anchor says class 0 in the middle.
  constexpr std::int64_t kRows = 84;
  constexpr std::int64_t kAnchors = 128;
  std::vector<float> answer(kRows * kAnchors, 0.0F);
  const auto at = [&](std::int64_t row, std::int64_t anchor) -> float& {
    return answer[static_cast<std::size_t>(row * kAnchors + anchor)];
  };
  const auto half = static_cast<float>(side) / 2;
  for (std::int64_t row = 0; row < 4; ++row) at(row, 7) = half;
  at(4, 7) = 0.9F;
  OnnxModel model;
  model.nodes = constant_answer("images", "answer", "output0");
  model.initializers = {zero(), onnx_floats("answer", {1, kRows, kAnchors}, answer)};
  model.inputs = {onnx_value("images", OnnxKind::float32, {1, 3, side, side})};
  model.outputs = {onnx_value("output0", OnnxKind::float32, {1, kRows, kAnchors})};
  model.metadata = {{"task", "detect"}, {"license", "apache-2.0"}};
  return model.bytes();
}

std::string tiny_onnx_recogniser(std::string_view text) {
  // [1, columns, blank + characters]: each character of `text` in a column of its own, blanks between.
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .";
  const auto classes = static_cast<std::int64_t>(kCharacters.size()) + 1;
  const auto columns = static_cast<std::int64_t>(text.size()) * 2;
  std::vector<float> answer(static_cast<std::size_t>(columns * classes), 0.0F);
  for (std::int64_t column = 0; column < columns; ++column) {
    const std::size_t character =
        column % 2 == 1 ? std::string_view::npos : kCharacters.find(text[static_cast<std::size_t>(column / 2)]);
    const std::int64_t chosen = character == std::string_view::npos ? 0 : static_cast<std::int64_t>(character) + 1;
    answer[static_cast<std::size_t>(column * classes + chosen)] = 0.99F;
  }
  std::string list;
  for (const char c : kCharacters) list += std::string(1, c) + "\n";
  OnnxModel model;
  model.nodes = constant_answer("x", "answer", "softmax");
  model.initializers = {zero(), onnx_floats("answer", {1, columns, classes}, answer)};
  model.inputs = {onnx_value("x", OnnxKind::float32, {"batch", 3, 48, "width"})};
  model.outputs = {onnx_value("softmax", OnnxKind::float32, {1, columns, classes})};
  model.metadata = {{"character", list}};
  return model.bytes();
}

std::string tiny_onnx_encoder(std::int64_t width, std::uint64_t seed) {
  // A table of vectors, gathered: [batch, tokens, width], times the mask.
  constexpr std::int64_t kTokens = 256;
  Random random(seed);
  std::vector<float> table(static_cast<std::size_t>(kTokens * width));
  for (float& value : table) value = random.normal();
  constexpr std::array<std::int64_t, 1> kLast{2};
  OnnxModel model;
  model.nodes = {onnx_node("Gather", {"table", "input_ids"}, {"rows"}),
                 onnx_node("Cast", {"attention_mask"}, {"mask"}, {onnx_attribute("to", 1)}),
                 onnx_node("Unsqueeze", {"mask", "last"}, {"wide_mask"}),
                 onnx_node("Mul", {"rows", "wide_mask"}, {"last_hidden_state"})};
  model.initializers = {onnx_floats("table", {kTokens, width}, table), onnx_integers("last", {1}, kLast)};
  model.inputs = {onnx_value("input_ids", OnnxKind::int64, {"batch", "tokens"}),
                  onnx_value("attention_mask", OnnxKind::int64, {"batch", "tokens"})};
  model.outputs = {onnx_value("last_hidden_state", OnnxKind::float32, {"batch", "tokens", width})};
  return model.bytes();
}

}  // namespace hearth::fixtures
