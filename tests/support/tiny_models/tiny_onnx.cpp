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

namespace {

constexpr std::int64_t kTokens = 256;

std::vector<float> encoder_table(std::int64_t width, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> table(static_cast<std::size_t>(kTokens * width));
  for (float& value : table) value = random.normal();
  return table;
}

// A table of vectors, gathered: [batch, tokens, width], times the mask.
std::string encoder(const std::string& table, std::int64_t width) {
  constexpr std::array<std::int64_t, 1> kLast{2};
  OnnxModel model;
  model.nodes = {onnx_node("Gather", {"table", "input_ids"}, {"rows"}),
                 onnx_node("Cast", {"attention_mask"}, {"mask"}, {onnx_attribute("to", 1)}),
                 onnx_node("Unsqueeze", {"mask", "last"}, {"wide_mask"}),
                 onnx_node("Mul", {"rows", "wide_mask"}, {"last_hidden_state"})};
  model.initializers = {table, onnx_integers("last", {1}, kLast)};
  model.inputs = {onnx_value("input_ids", OnnxKind::int64, {"batch", "tokens"}),
                  onnx_value("attention_mask", OnnxKind::int64, {"batch", "tokens"})};
  model.outputs = {onnx_value("last_hidden_state", OnnxKind::float32, {"batch", "tokens", width})};
  return model.bytes();
}

// Each id as 200 samples of a hundredth of it.
std::vector<std::string> spoken(const std::string& ids, const std::string& samples) {
  return {onnx_node("Cast", {ids}, {"numbers"}, {onnx_attribute("to", 1)}),
          onnx_node("Mul", {"numbers", "hundredths"}, {samples})};
}
std::string hundredths() {
  static const std::vector<float> values(200, 0.01F);
  return onnx_floats("hundredths", {200, 1}, values);
}

// What espeak-ng writes most for English; the ids are as they come.
constexpr std::array<std::string_view, 48> kPhonemes{"_", "^", "$", " ", "!", ",", ".", "?", "a", "b", "d", "e",
                                                     "f", "h", "i", "j", "k", "l", "m", "n", "o", "p", "r", "s",
                                                     "t", "u", "v", "w", "z", "æ", "ð", "ŋ", "ɐ", "ɑ", "ɔ", "ə",
                                                     "ɚ", "ɛ", "ɜ", "ɡ", "ɪ", "ɹ", "ʃ", "ʊ", "ʌ", "ʒ", "ˈ", "ː"};

}  // namespace

std::string tiny_onnx_encoder(std::int64_t width, std::uint64_t seed) {
  return encoder(onnx_floats("table", {kTokens, width}, encoder_table(width, seed)), width);
}

OnnxInTwoFiles tiny_onnx_encoder_beside(const std::string& location, std::int64_t width, std::uint64_t seed) {
  const std::vector<float> table = encoder_table(width, seed);
  OnnxInTwoFiles files;
  files.model = encoder(onnx_external("table", {kTokens, width}, location, 0), width);
  files.weights.assign(reinterpret_cast<const char*>(table.data()), table.size() * sizeof(float));
  return files;
}

std::string tiny_vocabulary() {
  std::string words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n";
  for (std::int64_t i = 4; i < kTokens; ++i) words += "word" + std::to_string(i) + "\n";
  return words;
}

std::string tiny_onnx_line_finder() {
  constexpr std::array kMinusHalf{-0.5F};
  constexpr std::array kHalf{0.5F};
  constexpr std::array<std::int64_t, 1> kChannels{1};
  OnnxModel model;
  model.nodes = {onnx_node("ReduceMean", {"x"}, {"gray"}, {onnx_attribute("axes", kChannels)}),
                 onnx_node("Mul", {"gray", "minus_half"}, {"dark"}), onnx_node("Add", {"dark", "half"}, {"map"})};
  model.initializers = {onnx_floats("minus_half", {1}, kMinusHalf), onnx_floats("half", {1}, kHalf)};
  model.inputs = {onnx_value("x", OnnxKind::float32, {"batch", 3, "height", "width"})};
  model.outputs = {onnx_value("map", OnnxKind::float32, {"batch", 1, "height", "width"})};
  return model.bytes();
}

std::string tiny_onnx_line_direction() {
  constexpr std::array kUpright{0.95F, 0.05F};
  OnnxModel model;
  model.nodes = constant_answer("x", "answer", "softmax");
  model.initializers = {zero(), onnx_floats("answer", {1, 2}, kUpright)};
  model.inputs = {onnx_value("x", OnnxKind::float32, {"batch", 3, 48, 192})};
  model.outputs = {onnx_value("softmax", OnnxKind::float32, {1, 2})};
  return model.bytes();
}

std::string tiny_onnx_piper() {
  OnnxModel model;
  model.nodes = spoken("input", "output");
  model.initializers = {hundredths()};
  model.inputs = {onnx_value("input", OnnxKind::int64, {"batch", "phonemes"}),
                  onnx_value("input_lengths", OnnxKind::int64, {"batch"}),
                  onnx_value("scales", OnnxKind::float32, {3})};
  model.outputs = {onnx_value("output", OnnxKind::float32, {200, "phonemes"})};
  return model.bytes();
}

std::string tiny_piper_config() {
  std::string ids;
  for (std::size_t i = 0; i < kPhonemes.size(); ++i)
    ids += (i == 0 ? "\"" : ",\"") + std::string(kPhonemes.at(i)) + "\":[" + std::to_string(i) + "]";
  return R"({"audio":{"sample_rate":22050},"espeak":{"voice":"en-us"},"num_speakers":1,"phoneme_id_map":{)" + ids +
         "}}";
}

std::string tiny_onnx_kokoro() {
  OnnxModel model;
  model.nodes = spoken("input_ids", "waveform");
  model.initializers = {hundredths()};
  model.inputs = {onnx_value("input_ids", OnnxKind::int64, {1, "phonemes"}),
                  onnx_value("style", OnnxKind::float32, {1, 256}), onnx_value("speed", OnnxKind::float32, {1})};
  model.outputs = {onnx_value("waveform", OnnxKind::float32, {200, "phonemes"})};
  return model.bytes();
}

std::string tiny_kokoro_tokenizer() {
  std::string ids;
  for (std::size_t i = 0; i < kPhonemes.size(); ++i)
    ids += (i == 0 ? "\"" : ",\"") + std::string(kPhonemes.at(i)) + "\":" + std::to_string(i);
  return R"({"version":"1.0","model":{"vocab":{)" + ids + "}}}";
}

std::string tiny_kokoro_voice() {
  const std::vector<float> rows(4UL * 256, 0.5F);
  return {reinterpret_cast<const char*>(rows.data()), rows.size() * sizeof(float)};
}

}  // namespace hearth::fixtures
