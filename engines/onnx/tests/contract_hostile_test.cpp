// Files and models that are broken or hostile, through the real runtime: a clear error, bounded memory, an engine that
// lives.
#include "packed_engine.h"

#include <hearth/core/file.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace hearth::onnx {
namespace {

using namespace hearth::onnx::testing;  // NOLINT(google-build-using-namespace): the tests' own helpers

std::string tiny_yolo(const Folder& folder, const std::vector<float>& values) {
  OnnxFile file;
  file.input("images", Type::float32, {1, 3, 64, 64});
  file.planted("output0", {1, 6, 2}, values, {0}, "images");
  file.metadata("names", "{0: 'cat', 1: 'dog'}");
  return folder.write("yolo.onnx", file.bytes());
}

// What the engine says when it refuses to start with these arguments.
std::string refusal(const Folder& folder, const std::vector<std::string>& arguments) {
  const std::string log = folder.path("log");
  PackedEngine engine(arguments, {.data = 0, .log = log});
  EXPECT_FALSE(engine.ready());
  EXPECT_EQ(engine.process().wait_exit(), 1);
  return read_file(log, 1U << 20U).value_or("no log");
}

TEST(HostileModels, AreRefusedAtStartWithTheReason) {
  const Folder folder;
  const auto expect = [&](const std::vector<std::string>& arguments, std::string_view reason) {
    const std::string said = refusal(folder, arguments);
    EXPECT_NE(said.find(reason), std::string::npos) << said;
  };
  const std::string good = tiny_yolo(folder, std::vector<float>(12, 0));
  const std::string bytes = read_file(good, 1U << 20U).value();
  expect({"--task", "detection", "--model", folder.path("none.onnx")}, "cannot load the model");
  expect({"--task", "detection", "--model", folder.write("noise.onnx", std::string(4000, '\x5A'))},
         "cannot load the model");
  expect({"--task", "detection", "--model", folder.write("cut.onnx", bytes.substr(0, bytes.size() / 2))}, "cannot");
  expect({"--task", "detection", "--model", folder.write("empty.onnx", "")}, "cannot load the model");
  expect({"--task", "vad", "--model", good}, "no Silero VAD");
  expect({"--task", "ocr", "--model", good}, "no PP-OCR detector");
  expect({"--task", "face", "--model", good, "--family", "yunet"}, "is no yunet");
  expect({"--task", "chat", "--model", good}, "--task must be");
  OnnxFile half;
  half.input("images", Type::float16, {1, 3, 64, 64});
  half.node("Identity", {"images"}, {"y"});
  half.output("y", Type::float16, {1, 3, 64, 64});
  expect({"--task", "detection", "--model", folder.write("half.onnx", half.bytes())}, "Export the model with float32");
  OnnxFile mute;
  mute.input("images", Type::float32, {1, 3, 64, 64});
  expect({"--task", "detection", "--model", folder.write("mute.onnx", mute.bytes())}, "cannot start");
}

TEST(HostileModels, NumbersThatAreNoneFindNothing) {
  const Folder folder;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const auto file = tiny_yolo(folder, {nan, inf, 32, 32, inf, 32, inf, 32, nan, 0.9F, 0.9F, nan});
  PackedEngine engine({"--task", "detection", "--model", file});
  ASSERT_TRUE(engine.ready());
  EXPECT_TRUE(
      json_of(engine.post("/v1/detect?min_score=0", frame_body(64, 64, 9))).at("detections").as_array().empty());
}

TEST(HostileModels, OutputsOfAnotherShapeAreAClearError) {
  const Folder folder;
  OnnxFile file;
  file.input("images", Type::float32, {1, 3, 64, 64});
  file.node("Identity", {"images"}, {"output0"});
  file.output("output0", Type::float32, {1, -1, -1, 64});
  PackedEngine engine({"--task", "detection", "--model", folder.write("m.onnx", file.bytes()), "--family", "yolo"});
  ASSERT_TRUE(engine.ready());
  const auto answer = engine.post("/v1/detect", frame_body(64, 64, 9));
  EXPECT_EQ(error_code(answer, 500), "model_mismatch") << answer.body;
  EXPECT_EQ(engine.get("/health").status, 200);
}

// A model of a few hundred bytes whose output has `rows` × 6 values.
std::string swelling(const Folder& folder, std::int64_t rows) {
  OnnxFile file;
  file.input("images", Type::float32, {1, 3, 64, 64});
  file.constant("shape", {3}, std::vector<std::int64_t>{1, rows, 6});
  file.node("ReduceMean", {"images"}, {"mean"}, {{.name = "keepdims", .integers = {0}}});
  file.node("Expand", {"mean", "shape"}, {"output0"});
  file.output("output0", Type::float32, {1, -1, 6});
  return folder.write("swelling.onnx", file.bytes());
}

TEST(HostileModels, MemoryIsBounded) {
  const Folder folder;
  const Limits limits{.data = 512U << 20U, .log = {}};
  {
    PackedEngine engine({"--task", "detection", "--model", swelling(folder, 200'000'000)}, limits);  // 4.8 GB
    ASSERT_TRUE(engine.ready());
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(error_code(engine.post("/v1/detect", frame_body(64, 64, 9)), 503), "resource_exhausted");
    EXPECT_EQ(engine.get("/health").status, 200);
  }
  {
    PackedEngine engine({"--task", "detection", "--model", swelling(folder, 12'000'000)},
                        limits);  // 288 MB, past the most values
    ASSERT_TRUE(engine.ready());
    EXPECT_EQ(error_code(engine.post("/v1/detect", frame_body(64, 64, 9)), 500), "model_mismatch");
    EXPECT_EQ(engine.get("/health").status, 200);
  }
}

TEST(Start, TheLogIsNotFlooded) {
  const Folder folder;
  const std::string log = folder.path("log");
  PackedEngine engine({"--task", "detection", "--model", tiny_yolo(folder, std::vector<float>(12, 0))},
                      {.data = 0, .log = log});
  ASSERT_TRUE(engine.ready());
  json_of(engine.post("/v1/detect", frame_body(64, 64, 9)));
  const std::string text = read_file(log, 1U << 20U).value();
  EXPECT_LE(std::ranges::count(text, '\n'), 4) << text;
  EXPECT_NE(text.find("\"loaded\""), std::string::npos);
}

}  // namespace
}  // namespace hearth::onnx
