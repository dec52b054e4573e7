// Voice activity and OCR through the real runtime in its pack, with planted models: the contract, not real weights.
#include "packed_engine.h"

#include <hearth/kit/frames.h>

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace hearth::onnx {
namespace {

using namespace hearth::onnx::testing;  // NOLINT(google-build-using-namespace): the tests' own helpers
namespace json = boost::json;

// Silero's ports; "speech" is whatever is loud, and each run adds 1 to the state.
std::string loudness_vad() {
  OnnxFile file;
  file.input("input", Type::float32, {-1, -1});
  file.input("state", Type::float32, {2, -1, 128});
  file.input("sr", Type::int64, {});
  file.node("Abs", {"input"}, {"loud"});
  file.node("ReduceMax", {"loud"}, {"output"}, {{.name = "axes", .integers = {1}, .list = true}});
  file.output("output", Type::float32, {-1, 1});
  file.constant("one", {1}, std::vector<float>{1});
  file.node("Add", {"state", "one"}, {"stateN"});
  file.output("stateN", Type::float32, {-1, -1, -1});
  return file.bytes();
}

std::string samples(std::initializer_list<std::pair<double, std::int16_t>> parts) {
  std::string body;
  for (const auto& [seconds, value] : parts)
    for (int i = 0; i < static_cast<int>(seconds * 16'000); ++i) body.append(reinterpret_cast<const char*>(&value), 2);
  return body;
}

TEST(VadContract, FindsWhereThereIsSpeech) {
  const Folder folder;
  PackedEngine engine({"--task", "vad", "--model", folder.write("vad.onnx", loudness_vad())});
  ASSERT_TRUE(engine.ready());
  const json::value answer = json_of(
      engine.post("/v1/audio/vad", samples({{1.024, 0}, {2.048, 30'000}, {1.024, 0}, {0.512, 30'000}, {0.5, 0}})));
  EXPECT_NEAR(answer.at("duration").to_number<double>(), 5.108, 1e-9);
  const json::array& speech = answer.at("speech").as_array();
  ASSERT_EQ(speech.size(), 2U);
  EXPECT_NEAR(speech[0].at("start").to_number<double>(), 1.024 - 0.03, 1e-9);
  // The context of the window after it still has the end of the speech.
  EXPECT_NEAR(speech[0].at("end").to_number<double>(), 3.072 + 0.032 + 0.03, 1e-9);
  EXPECT_GT(speech[0].at("probability").to_number<double>(), 0.9);
  EXPECT_TRUE(json_of(engine.post("/v1/audio/vad", "")).at("speech").as_array().empty());
  EXPECT_TRUE(json_of(engine.post("/v1/audio/vad", samples({{1, 0}}))).at("speech").as_array().empty());
  EXPECT_EQ(json_of(engine.post("/v1/audio/vad?min_speech=1&padding=0", samples({{1, 0}, {0.5, 30'000}})))
                .at("speech")
                .as_array()
                .size(),
            0U);
  EXPECT_EQ(error_code(engine.post("/v1/audio/vad", "abc"), 400), "invalid_audio");
  EXPECT_EQ(error_code(engine.post("/v1/audio/vad?threshold=1.5", ""), 400), "invalid_value");
}

// "Text" is what is dark: the map is 1 − the input's first channel, brought to 0 to 1.
std::string dark_detector() {
  OnnxFile file;
  file.input("x", Type::float32, {-1, 3, -1, -1});
  file.node("ReduceMean", {"x"}, {"gray"}, {{.name = "axes", .integers = {1}, .list = true}});
  file.constant("half", {1}, std::vector<float>{-0.5F});
  file.constant("one", {1}, std::vector<float>{0.5F});
  file.node("Mul", {"gray", "half"}, {"negative"});
  file.node("Add", {"negative", "one"}, {"map"});
  file.output("map", Type::float32, {-1, 1, -1, -1});
  return file.bytes();
}

std::string classifier(float turned) {
  OnnxFile file;
  file.input("x", Type::float32, {-1, 3, -1, -1});
  file.planted("y", {1, 2}, {1 - turned, turned}, {0}, "x");
  return file.bytes();
}

// Reads "hi 5" in every line.
std::string recogniser(bool with_dictionary) {
  OnnxFile file;
  file.input("x", Type::float32, {-1, 3, 48, -1});
  std::vector<float> steps(8 * 5, 0.0F);
  const std::vector<std::size_t> classes{0, 1, 1, 2, 4, 0, 3, 0};  // blank h h i space blank 5 blank
  for (std::size_t i = 0; i < classes.size(); ++i) steps[i * 5 + classes[i]] = 0.9F;
  file.planted("y", {1, 8, 5}, steps, {0}, "x");
  if (with_dictionary) file.metadata("character", "h\ni\n5");
  return file.bytes();
}

// White with two dark bars.
std::string page_body() {
  kit::FrameHeader header;
  header.kind = "page";
  header.width = 400;
  header.height = 300;
  header.channels = 1;
  std::string pixels(header.size(), '\xFF');
  for (const int top : {100, 150})
    for (int y = top; y < top + 20; ++y) std::memset(pixels.data() + y * 400 + 50, 0, 200);
  return kit::encode_frame_header(header) + pixels;
}

TEST(OcrContract, FindsTurnsAndReads) {
  const Folder folder;
  const std::string det = folder.write("det.onnx", dark_detector());
  const std::string rec = folder.write("rec.onnx", recogniser(false));
  const std::string dictionary = folder.write("keys.txt", "h\ni\n5\n");
  PackedEngine engine({"--task", "ocr", "--model", det, "--recogniser", rec, "--dictionary", dictionary, "--classifier",
                       folder.write("cls.onnx", classifier(0.1F))});
  ASSERT_TRUE(engine.ready());
  const json::value page = json_of(engine.post("/v1/ocr", page_body()));
  EXPECT_EQ(page.at("text").as_string(), "hi 5\nhi 5");
  EXPECT_EQ(page.at("rotation").to_number<int>(), 0);
  EXPECT_EQ(page.at("width").to_number<int>(), 400);
  const json::array& words = page.at("words").as_array();
  ASSERT_EQ(words.size(), 4U);
  EXPECT_EQ(words[0].at("text").as_string(), "hi");
  EXPECT_NEAR(words[0].at("confidence").to_number<double>(), 0.9, 1e-6);
  EXPECT_LE(words[0].at("box").at(0).to_number<int>(), 50);
  EXPECT_EQ(words[3].at("line").to_number<int>(), 1);
  EXPECT_FALSE(page.at("blocks").as_array().empty());
  const json::value blank = json_of(engine.post("/v1/ocr", frame_body(300, 200, 255)));
  EXPECT_EQ(blank.at("text").as_string(), "");
  EXPECT_EQ(error_code(engine.post("/v1/ocr", ""), 400), "empty_file");

  PackedEngine upside_down({"--task", "ocr", "--model", det, "--recogniser", folder.write("own.onnx", recogniser(true)),
                            "--classifier", folder.write("cls2.onnx", classifier(0.97F))});
  ASSERT_TRUE(upside_down.ready());
  const json::value turned = json_of(upside_down.post("/v1/ocr", page_body()));
  EXPECT_EQ(turned.at("rotation").to_number<int>(), 180);
  EXPECT_EQ(turned.at("text").as_string(), "hi 5\nhi 5");
}

TEST(OcrContract, LinesWithoutARecogniser) {
  const Folder folder;
  PackedEngine engine({"--task", "ocr", "--model", folder.write("det.onnx", dark_detector())});
  ASSERT_TRUE(engine.ready());
  const json::value found = json_of(engine.post("/v1/ocr/lines", page_body()));
  ASSERT_EQ(found.at("lines").as_array().size(), 2U);
  EXPECT_NEAR(found.at("lines").at(0).at("corners").at(0).at(0).to_number<double>(), 35, 4)
      << "grown by area · 1.6 / perimeter";
  EXPECT_EQ(error_code(engine.post("/v1/ocr", page_body()), 503), "failed_precondition");
}

}  // namespace
}  // namespace hearth::onnx
