#include "damage.h"

#include <hearth/models/model_file.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tiny_models/onnx_writer.h>
#include <tiny_models/tiny_models.h>

#include <array>
#include <string>
#include <vector>

namespace hearth::models {
namespace {

using fixtures::onnx_value;
using fixtures::OnnxKind;
using fixtures::OnnxModel;
using fixtures::OnnxSize;
using testing::HasSubstr;
namespace pb = fixtures::protobuf;

OnnxModel shaped(std::vector<std::string> inputs, std::vector<std::string> outputs) {
  OnnxModel model;
  model.inputs = std::move(inputs);
  model.outputs = std::move(outputs);
  return model;
}

std::string floats(std::string_view name, const std::vector<OnnxSize>& shape) {
  return onnx_value(name, OnnxKind::float32, shape);
}
std::string integers(std::string_view name, const std::vector<OnnxSize>& shape) {
  return onnx_value(name, OnnxKind::int64, shape);
}

TEST(Onnx, ReadsInputsOutputsAndWeights) {
  const auto facts = read_bytes(fixtures::tiny_onnx_yolo(64));
  ASSERT_TRUE(facts) << facts.error().describe();
  EXPECT_EQ(facts->format, Format::onnx);
  EXPECT_EQ(facts->format_version, 8);
  EXPECT_EQ(facts->licence, "apache-2.0");
  EXPECT_EQ(facts->tensors, 2);
  EXPECT_EQ(facts->tensor_bytes, 84 * 128 * 4 + 4);
  EXPECT_EQ(facts->quantisation, "float32");
  ASSERT_TRUE(facts->onnx);
  EXPECT_EQ(facts->onnx->producer, "hearth-fixtures 1");
  EXPECT_EQ(facts->onnx->opsets.at(""), 13);
  EXPECT_EQ(facts->onnx->metadata.at("task"), "detect");
  EXPECT_EQ(facts->onnx->operators.at("Mul"), 1);
  ASSERT_EQ(facts->onnx->inputs.size(), 1);
  EXPECT_EQ(facts->onnx->inputs[0].name, "images");
  EXPECT_EQ(facts->onnx->inputs[0].type, "float32");
  EXPECT_EQ(facts->onnx->inputs[0].shape[3].size, 64);
  ASSERT_EQ(facts->onnx->outputs.size(), 1);
  EXPECT_EQ(facts->onnx->outputs[0].shape[1].size, 84);
}

TEST(Onnx, KeepsSymbolsAndUnknownRanks) {
  OnnxModel model =
      shaped({floats("x", {"batch", 4})}, {pb::bytes(1, "y") + pb::bytes(2, pb::bytes(1, pb::number(1, 1)))});
  const auto facts = read_bytes(model.bytes());
  ASSERT_TRUE(facts) << facts.error().describe();
  EXPECT_EQ(facts->onnx->inputs[0].shape[0].symbol, "batch");
  EXPECT_FALSE(facts->onnx->inputs[0].shape[0].size);
  EXPECT_TRUE(facts->onnx->inputs[0].ranked);
  EXPECT_FALSE(facts->onnx->outputs[0].ranked);
}

TEST(Onnx, WeightsAreNoInputs) {
  constexpr std::array kTwo{1.0F, 2.0F};
  OnnxModel model = shaped({floats("x", {2}), floats("w", {2})}, {floats("y", {2})});
  model.initializers = {fixtures::onnx_floats("w", {2}, kTwo)};
  const auto facts = read_bytes(model.bytes());
  ASSERT_TRUE(facts) << facts.error().describe();
  ASSERT_EQ(facts->onnx->inputs.size(), 1);
  EXPECT_EQ(facts->onnx->inputs[0].name, "x");
}

TEST(Onnx, CountsWhatLiesInSubgraphsAndConstants) {
  constexpr std::array kThree{1.0F, 2.0F, 3.0F};
  const std::string constant = fixtures::onnx_node(
      "Constant", {}, {"c"}, {pb::bytes(1, "value") + pb::bytes(5, fixtures::onnx_floats("", {3}, kThree))});
  const std::string branch = pb::bytes(1, constant) + pb::bytes(5, fixtures::onnx_floats("w", {3}, kThree));
  OnnxModel model = shaped({floats("x", {1})}, {floats("y", {3})});
  model.nodes = {fixtures::onnx_node("If", {"x"}, {"y"}, {pb::bytes(1, "then_branch") + pb::bytes(6, branch)})};
  const auto facts = read_bytes(model.bytes());
  ASSERT_TRUE(facts) << facts.error().describe();
  EXPECT_EQ(facts->tensors, 2);
  EXPECT_EQ(facts->tensor_bytes, 24);
  EXPECT_EQ(facts->onnx->operators.at("Constant"), 1);
}

TEST(Onnx, KnowsTasksByShapes) {
  const auto task = [](const OnnxModel& model) { return read_bytes(model.bytes())->task; };
  EXPECT_EQ(read_bytes(fixtures::tiny_onnx_yolo())->task, Task::detection);
  EXPECT_EQ(read_bytes(fixtures::tiny_onnx_recogniser("warm"))->task, Task::ocr_recognition);
  EXPECT_EQ(read_bytes(fixtures::tiny_onnx_encoder())->task, Task::embedding);
  EXPECT_EQ(read_bytes(fixtures::tiny_onnx_identity())->task, Task::unknown);
  EXPECT_EQ(task(shaped({floats("input", {"n", "m"}), floats("state", {2, "n", 128}), integers("sr", {})},
                        {floats("output", {"n", 1})})),
            Task::vad);
  EXPECT_EQ(task(shaped({integers("input", {"n", "m"}), integers("input_lengths", {"n"}), floats("scales", {3})},
                        {floats("output", {"n", 1, "t", 1})})),
            Task::speech);
  EXPECT_EQ(task(shaped({integers("tokens", {1, "n"}), floats("style", {1, 256}), floats("speed", {1})},
                        {floats("audio", {"t"})})),
            Task::speech);
  EXPECT_EQ(task(shaped({integers("input_ids", {"n", "t"}), integers("attention_mask", {"n", "t"})},
                        {floats("logits", {"n", 1})})),
            Task::rerank);
  EXPECT_EQ(task(shaped({floats("x", {"n", 3, "h", "w"})}, {floats("map", {"n", 1, "h", "w"})})), Task::ocr_detection);
  EXPECT_EQ(task(shaped({floats("x", {"n", 3, 48, 192})}, {floats("p", {"n", 2})})), Task::ocr_direction);
  EXPECT_EQ(task(shaped({floats("input", {1, 3, 240, 320})},
                        {floats("scores", {1, 4420, 2}), floats("boxes", {1, 4420, 4})})),
            Task::face);
  EXPECT_EQ(task(shaped({floats("input.1", {1, 3, 352, 352})}, {floats("758", {1, 85, 22, 22})})), Task::detection);
  EXPECT_EQ(task(shaped({floats("a", {1})}, {floats("b", {1})})), Task::unknown);
}

TEST(Onnx, FindsWeightsInOtherFiles) {
  OnnxModel model = shaped({floats("x", {1})}, {floats("y", {1})});
  model.initializers = {fixtures::onnx_external("w", {100, 4}, "weights.data", 4096),
                        fixtures::onnx_external("v", {10}, "weights.data", 0)};
  const auto facts = read_bytes(model.bytes());
  ASSERT_TRUE(facts) << facts.error().describe();
  ASSERT_EQ(facts->onnx->external.size(), 1);
  EXPECT_EQ(facts->onnx->external[0].location, "weights.data");
  EXPECT_EQ(facts->onnx->external[0].bytes, 4096 + 1600);
  EXPECT_EQ(facts->tensor_bytes, 1640);
  for (const std::string_view bad : {"/etc/passwd", "../weights", "a/../../b", "", "a\\b"}) {
    model.initializers = {fixtures::onnx_external("w", {4}, bad, 0)};
    EXPECT_THAT(refusal(model.bytes()), HasSubstr("outside the model's folder")) << bad;
  }
}

TEST(Onnx, RefusesWhatContradictsItself) {
  constexpr std::array kTwo{1.0F, 2.0F};
  const auto with = [](std::string initializer) {
    OnnxModel model = shaped({floats("x", {1})}, {floats("y", {1})});
    model.initializers = {std::move(initializer)};
    return refusal(model.bytes());
  };
  EXPECT_THAT(with(fixtures::onnx_floats("w", {3}, kTwo)), HasSubstr("should be 12 bytes and has 8"));
  EXPECT_THAT(with(fixtures::onnx_floats("w", {-1}, kTwo)), HasSubstr("impossible size"));
  EXPECT_THAT(with(fixtures::onnx_floats("w", {1 << 30, 1 << 30}, kTwo)), HasSubstr("impossible size"));
  EXPECT_THAT(with(pb::number(1, 4) + pb::number(2, 1)), HasSubstr("has no data"));

  EXPECT_THAT(refusal(pb::number(1, 8)), HasSubstr("no graph"));
  const OnnxModel model = shaped({floats("x", {1})}, {floats("y", {1})});
  EXPECT_THAT(refusal(model.bytes() + pb::bytes(7, "")), HasSubstr("two graphs"));
  EXPECT_THAT(refusal(shaped({floats("x", {1})}, {}).bytes()), HasSubstr("no outputs"));
  OnnxModel other = model;
  other.ir_version = 0;
  EXPECT_THAT(refusal(other.bytes()), HasSubstr("IR version is 0"));
  EXPECT_THAT(refusal(model.bytes() + '\x0b'), HasSubstr("wire type 3"));
}

TEST(Onnx, RefusesWhatIsNestedTooDeep) {
  std::string graph;
  for (int i = 0; i < 200; ++i) graph = pb::bytes(1, pb::bytes(5, pb::bytes(6, graph)));
  EXPECT_THAT(refusal(pb::number(1, 8) + pb::bytes(7, graph)), HasSubstr("nested too deep"));
}

TEST(Onnx, EveryTruncationIsRefused) {
  const std::string bytes = fixtures::tiny_onnx_recogniser("a b");
  // Fields after the graph are not needed: at their borders a shorter file is a file.
  const std::size_t graph_end = bytes.find("softmax", bytes.rfind("width"));
  expect_truncations_are_refused(
      bytes, 7, [&](std::size_t size) { return size > graph_end && read_bytes(bytes.substr(0, size)).has_value(); });
  EXPECT_THAT(refusal(bytes.substr(0, graph_end)), HasSubstr("cut off"));
}

TEST(Onnx, EveryTurnedBitIsSurvived) {
  expect_turned_bits_are_survived(fixtures::tiny_onnx_recogniser("a"), 1);
  expect_turned_bits_are_survived(fixtures::tiny_onnx_encoder(4), 5);
}

}  // namespace
}  // namespace hearth::models
