// Detectors through the real runtime in its pack: files with true shapes and planted outputs. They prove the contract
// (names, shapes, preparation, decoding, answers), and nothing about real weights.
#include "packed_engine.h"

#include <gtest/gtest.h>

namespace hearth::onnx {
namespace {

using namespace hearth::onnx::testing;  // NOLINT(google-build-using-namespace): the tests' own helpers
namespace json = boost::json;

// A model of one picture input whose outputs are planted by `plant`.
template <typename Plant>
std::string detector(const Dims& input, const Plant& plant) {
  OnnxFile file;
  file.input("images", Type::float32, input);
  plant(file);
  return file.bytes();
}

struct Seen {
  std::string label;
  double score;
  std::vector<std::int64_t> box;
};

std::vector<Seen> seen(const kit::testing::Answer& answer) {
  std::vector<Seen> out;
  const json::value body = json_of(answer);
  if (!body.is_object() || body.get_object().if_contains("detections") == nullptr) return out;
  for (const json::value& d : body.at("detections").as_array()) {
    Seen one{std::string(d.at("label").as_string()), d.at("score").to_number<double>(), {}};
    for (const json::value& v : d.at("box").as_array()) one.box.push_back(v.to_number<std::int64_t>());
    out.push_back(std::move(one));
  }
  return out;
}

using Ints = std::vector<std::int64_t>;

TEST(DetectionContract, YoloV8WithItsOwnLabels) {
  const Folder folder;
  // Of three boxes the first is seen in white frames only: its score is the input's mean, 1 for white.
  const auto file =
      folder.write("v8.onnx", detector({1, 3, 64, 64}, [](OnnxFile& f) {
                     f.planted("output0", {1, 6, 3}, {16, 40, 5, 16, 40, 5, 8, 8, 2, 16, 8, 2, 0, 0.7F, 0, 0, 0, 0.2F},
                               {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.9F, 0, 0}, "images");
                     f.metadata("names", "{0: 'cat', 1: 'dog'}");
                   }));
  PackedEngine engine({"--task", "detection", "--model", file, "--name", "tiny"});
  ASSERT_TRUE(engine.ready());
  EXPECT_NE(engine.get("/v1/models").body.find(R"("id":"tiny")"), std::string::npos);
  const auto white = seen(engine.post("/v1/detect", frame_body(128, 128, 255)));
  ASSERT_EQ(white.size(), 2U);
  EXPECT_EQ(white[0].label, "dog");
  EXPECT_NEAR(white[0].score, 0.9, 1e-3);
  EXPECT_EQ(white[0].box, (Ints{24, 16, 40, 48}));
  EXPECT_EQ(white[1].label, "cat");
  EXPECT_EQ(white[1].box, (Ints{72, 72, 88, 88}));
  EXPECT_EQ(seen(engine.post("/v1/detect", frame_body(128, 128, 0))).size(), 1U)
      << "the other's score follows the input";
  EXPECT_EQ(seen(engine.post("/v1/detect?labels=dog", frame_body(128, 128, 255))).size(), 1U);
  EXPECT_EQ(seen(engine.post("/v1/detect?min_score=0.95", frame_body(128, 128, 255))).size(), 0U);
  EXPECT_EQ(error_code(engine.post("/v1/detect?labels=cow", frame_body(8, 8, 0)), 400), "unknown_label");
  EXPECT_EQ(error_code(engine.post("/v1/detect?min_score=2", frame_body(8, 8, 0)), 400), "invalid_value");
  EXPECT_EQ(error_code(engine.post("/v1/detect", ""), 400), "empty_file");
  EXPECT_EQ(error_code(engine.post("/v1/detect", "nonsense\n"), 400), "invalid_frame");
  const json::value annotated = json_of(engine.post("/v1/detect?annotate=1", frame_body(128, 128, 255)));
  EXPECT_TRUE(std::string_view(annotated.at("annotated").as_string()).starts_with("iVBORw0KGgo"));
}

TEST(DetectionContract, YoloV5AndFinishedYolo) {
  const Folder folder;
  const std::string labels = folder.write("labels.txt", "cat\ndog\n");
  const auto v5 =
      folder.write("v5.onnx", detector({1, 3, 64, 64}, [](OnnxFile& f) {
                     f.planted("output", {1, 1, 7}, {32, 32, 32, 16, 0, 0.1F, 0.9F}, {0, 0, 0, 0, 1, 0, 0}, "images");
                   }));
  PackedEngine engine({"--task", "detection", "--model", v5, "--labels", labels});
  ASSERT_TRUE(engine.ready());
  // 128 × 64 lies in the middle of the square, at half its size and 16 pixels down; the margin is gray.
  const auto found = seen(engine.post("/v1/detect", frame_body(128, 64, 255)));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].label, "dog");
  EXPECT_NEAR(found[0].score, (255.0 + 114) / 2 / 255 * 0.9, 1e-3);
  EXPECT_EQ(found[0].box, (Ints{32, 16, 96, 48}));

  const auto v10 =
      folder.write("v10.onnx", detector({1, 3, 64, 64}, [](OnnxFile& f) {
                     f.planted("output", {1, 2, 6}, {8, 8, 24, 40, 0.8F, 0, 0, 0, 1, 1, 0.9F, 12}, {0}, "images");
                   }));
  PackedEngine finished({"--task", "detection", "--model", v10, "--labels", labels});
  ASSERT_TRUE(finished.ready());
  const auto one = seen(finished.post("/v1/detect", frame_body(64, 64, 0)));
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].box, (Ints{8, 8, 24, 40}));
}

TEST(DetectionContract, SsdOfBytes) {
  const Folder folder;
  OnnxFile file;
  file.input("image_tensor", Type::uint8, {1, -1, -1, 3});
  file.node("Cast", {"image_tensor"}, {"numbers"}, {{.name = "to", .integers = {1}}});
  file.planted("detection_boxes", {1, 2, 4}, {0.25F, 0.5F, 0.75F, 1, 0, 0, 1, 1}, {0}, "numbers");
  file.planted("detection_classes", {1, 2}, {1, 90}, {0}, "numbers");
  file.planted("detection_scores", {1, 2}, {0, 0.6F}, {1 / 255.0F, 0}, "numbers");
  file.planted("num_detections", {1}, {2}, {0}, "numbers");
  PackedEngine engine({"--task", "detection", "--model", folder.write("ssd.onnx", file.bytes())});
  ASSERT_TRUE(engine.ready());
  const auto found = seen(engine.post("/v1/detect", frame_body(40, 20, 255)));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].label, "person");
  EXPECT_NEAR(found[0].score, 1, 1e-3);
  EXPECT_EQ(found[0].box, (Ints{20, 5, 40, 15}));
  EXPECT_EQ(found[1].label, "toothbrush");
}

TEST(DetectionContract, FacesOfBothFamilies) {
  const Folder folder;
  const auto rfb = folder.write("rfb.onnx", detector({1, 3, 240, 320}, [](OnnxFile& f) {
                                  f.planted("scores", {1, 2, 2}, {0, 0, 1, 0}, {0, 1, 0, 0}, "images");
                                  f.planted("boxes", {1, 2, 4}, {0.25F, 0.25F, 0.5F, 0.5F, 0, 0, 1, 1}, {0}, "images");
                                }));
  PackedEngine faces({"--task", "face", "--model", rfb});
  ASSERT_TRUE(faces.ready());
  const auto found = seen(faces.post("/v1/detect", frame_body(640, 480, 255)));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].label, "face");
  EXPECT_NEAR(found[0].score, 1, 1e-3) << "(255 − 127) / 128";
  EXPECT_EQ(found[0].box, (Ints{160, 120, 320, 240}));

  OnnxFile yunet;
  yunet.input("input", Type::float32, {1, 3, 32, 32});
  for (const std::int64_t stride : {8, 16, 32}) {
    const std::int64_t cells = (32 / stride) * (32 / stride);
    const auto name = [&](std::string_view kind) { return std::string(kind) + "_" + std::to_string(stride); };
    const auto zeros = [&](std::int64_t width) {
      return std::vector<float>(static_cast<std::size_t>(cells * width), 0);
    };
    yunet.planted(name("cls"), {1, cells, 1}, zeros(1),
                  std::vector<float>(static_cast<std::size_t>(cells), stride == 32 ? 1 / 255.0F : 0), "input");
    yunet.planted(name("obj"), {1, cells, 1}, std::vector<float>(static_cast<std::size_t>(cells), 1), {0}, "input");
    yunet.planted(name("bbox"), {1, cells, 4}, std::vector<float>(static_cast<std::size_t>(cells * 4), 0.5F), {0},
                  "input");
    yunet.planted(name("kps"), {1, cells, 10}, std::vector<float>(static_cast<std::size_t>(cells * 10), 0.25F), {0},
                  "input");
  }
  PackedEngine other({"--task", "face", "--model", folder.write("yunet.onnx", yunet.bytes())});
  ASSERT_TRUE(other.ready());
  const json::value answer = json_of(other.post("/v1/detect", frame_body(64, 64, 255)));
  ASSERT_EQ(answer.at("detections").as_array().size(), 1U);
  EXPECT_EQ(answer.at("detections").at(0).at("landmarks").as_array().size(), 5U);
  EXPECT_EQ(answer.at("detections").at(0).at("landmarks").at(0).at(0).to_number<double>(), 16);
  EXPECT_TRUE(seen(other.post("/v1/detect", frame_body(64, 64, 0))).empty());
}

TEST(DetectionContract, FastestDet) {
  const Folder folder;
  std::vector<float> map(6 * 4, 0.0F);
  for (const std::size_t value : {0UL, 5UL}) map[value * 4 + 3] = 0.9F;  // the last of four cells
  const auto file =
      folder.write("fastest.onnx",
                   detector({1, 3, 64, 64}, [&](OnnxFile& f) { f.planted("758", {1, 6, 2, 2}, map, {0}, "images"); }));
  PackedEngine engine({"--task", "detection", "--model", file, "--labels", folder.write("l", "thing")});
  ASSERT_TRUE(engine.ready());
  const auto found = seen(engine.post("/v1/detect", frame_body(128, 64, 7)));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box, (Ints{32, 16, 96, 48}));
}

}  // namespace
}  // namespace hearth::onnx
