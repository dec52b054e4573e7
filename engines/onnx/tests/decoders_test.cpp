#include "detect/decoders.h"

#include "any_numbers.h"
#include "fake_model.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace hearth::onnx {
namespace {

using testing::any_numbers;
using testing::floats;

void expect_box(const Box& box, float x0, float y0, float x1, float y1) {
  EXPECT_NEAR(box.x0, x0, 0.01);
  EXPECT_NEAR(box.y0, y0, 0.01);
  EXPECT_NEAR(box.x1, x1, 0.01);
  EXPECT_NEAR(box.y1, y1, 0.01);
}

TEST(Decoders, FastestDet) {
  constexpr std::size_t kCells = 4 * 4;
  std::vector<float> map(7 * kCells, 0.0F);
  const auto put = [&](std::size_t cell, std::vector<float> values) {
    for (std::size_t i = 0; i < values.size(); ++i) map[i * kCells + cell] = values[i];
  };
  put(5, {0.9F, 0, 0, 0, 0, 0.1F, 0.8F});  // row 1, column 1: the centre at 1/4, half the input wide and high
  put(6, {0.9F, 0, 0, 0, 0, 0.2F, 0.5F});  // nearly the same box, weaker
  put(15, {0.1F, 0, 0, 0, 0, 0.9F, 0});
  const auto found = decode_fastestdet({floats({1, 7, 4, 4}, map)}, {352, 352}, 0.5F);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ(found->front().label, 1U);
  EXPECT_NEAR(found->front().score, std::pow(0.9, 0.6) * std::pow(0.8, 0.4), 1e-5);
  expect_box(found->front().box, 0, 0, 176, 176);
  expect_box(found->back().box, 88, 0, 264, 176);
  EXPECT_EQ(decode_fastestdet({floats({1, 5, 4, 4}, std::vector<float>(80))}, {352, 352}, 0.5F).error().kind(),
            Errc::corrupt);
  EXPECT_EQ(decode_fastestdet({}, {352, 352}, 0.5F).error().kind(), Errc::corrupt);
}

TEST(Decoders, YoloLayouts) {
  EXPECT_EQ(yolo_layout({1, 25200, 85}, 80).value(), YoloLayout::objectness);
  EXPECT_EQ(yolo_layout({1, 84, 8400}, 80).value(), YoloLayout::classes_first);
  EXPECT_EQ(yolo_layout({1, 8400, 84}, 80).value(), YoloLayout::classes_last);
  EXPECT_EQ(yolo_layout({1, 300, 6}, 80).value(), YoloLayout::finished);
  for (const Shape& shape : {Shape{1, 25200, 90}, Shape{2, 84, 8400}, Shape{84, 8400}, Shape{}})
    EXPECT_EQ(yolo_layout(shape, 80).error().kind(), Errc::unsupported);
}

TEST(Decoders, Yolo) {
  // Three boxes and two labels: the second box overlaps the first with the same label, the third is far away.
  const std::vector<std::vector<float>> boxes{
      {50, 40, 20, 10, 0.1F, 0.8F}, {51, 40, 20, 10, 0.1F, 0.7F}, {100, 90, 8, 8, 0.6F, 0}};
  std::vector<float> first(18);
  std::vector<float> last;
  std::vector<float> with_objectness;
  for (std::size_t b = 0; b < 3; ++b) {
    for (std::size_t v = 0; v < 6; ++v) first[v * 3 + b] = boxes[b][v];
    last.insert(last.end(), boxes[b].begin(), boxes[b].end());
    with_objectness.insert(with_objectness.end(), boxes[b].begin(), boxes[b].begin() + 4);
    with_objectness.push_back(0.9F);
    with_objectness.insert(with_objectness.end(), boxes[b].begin() + 4, boxes[b].end());
  }
  for (const auto& [tensor, factor] :
       {std::pair{floats({1, 6, 3}, first), 1.0F}, {floats({1, 3, 7}, with_objectness), 0.9F}}) {
    const auto found = decode_yolo({tensor}, 2, 0.3F);
    ASSERT_TRUE(found.has_value()) << found.error().message();
    ASSERT_EQ(found->size(), 2U);
    EXPECT_EQ(found->at(0).label, 1U);
    EXPECT_NEAR(found->at(0).score, 0.8F * factor, 1e-5);
    expect_box(found->at(0).box, 40, 35, 60, 45);
    EXPECT_EQ(found->at(1).label, 0U);
    expect_box(found->at(1).box, 96, 86, 104, 94);
  }
  const auto finished =
      decode_yolo({floats({1, 3, 6}, {1, 2, 30, 40, 0.9F, 1, 5, 5, 9, 9, 0.8F, 7, 1, 1, 2, 2, 0.1F, 0})}, 3, 0.3F);
  ASSERT_TRUE(finished.has_value());
  ASSERT_EQ(finished->size(), 1U) << "the second has a label that there is not, the third is too weak";
  expect_box(finished->front().box, 1, 2, 30, 40);
}

TEST(Decoders, Ssd) {
  const std::vector<Port> ports{{"detection_boxes:0", Element::float32, {}},
                                {"detection_classes:0", Element::float32, {}},
                                {"detection_scores:0", Element::float32, {}},
                                {"num_detections:0", Element::float32, {}}};
  const auto where = find_ssd(ports);
  ASSERT_TRUE(where.has_value());
  const Outputs outputs{floats({1, 3, 4}, {0.1F, 0.2F, 0.5F, 0.6F, 0, 0, 1, 1, 0, 0, 1, 1}), floats({1, 3}, {1, 17, 5}),
                        floats({1, 3}, {0.9F, 0.6F, 0.99F}), floats({1}, {2})};
  const auto found = decode_ssd(outputs, *where, {300, 200}, 0.5F);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 2U) << "the count leaves out the third";
  EXPECT_EQ(found->front().label, 1U);
  expect_box(found->front().box, 60, 20, 180, 100);
  EXPECT_FALSE(decode_ssd({outputs[0]}, *where, {300, 200}, 0.5F).has_value());
  EXPECT_FALSE(
      decode_ssd({outputs[0], floats({1, 2}, {1, 2}), outputs[2], outputs[3]}, *where, {300, 200}, 0.5F).has_value());
  EXPECT_FALSE(find_ssd({{"boxes", Element::float32, {}}, {"scores", Element::float32, {}}}).has_value());
}

TEST(Decoders, RfbPriorsAreAsManyAsTheModelHasBoxes) {
  const auto priors = rfb_priors({320, 240});
  ASSERT_EQ(priors.size(), 4420U);
  EXPECT_NEAR(priors[0].x, 0.5 / 40, 1e-6);
  EXPECT_NEAR(priors[1].width, 16.0 / 320, 1e-6);
  EXPECT_NEAR(priors[4419].height, 256.0 / 240, 1e-6);
}

TEST(Decoders, Rfb) {
  const auto corners =
      decode_rfb(floats({1, 2, 2}, {0.2F, 0.8F, 0.9F, 0.1F}),
                 floats({1, 2, 4}, {0.25F, 0.25F, 0.5F, 0.75F, 0, 0, 1, 1}), RfbBoxes::corners, {320, 240}, 0.7F);
  ASSERT_TRUE(corners.has_value());
  ASSERT_EQ(corners->size(), 1U);
  expect_box(corners->front().box, 80, 60, 160, 180);

  std::vector<float> scores(4420UL * 2, 0.0F);
  std::vector<float> offsets(4420UL * 4, 0.0F);
  scores[4419 * 2 + 1] = 0.95F;
  offsets[4419 * 4 + 2] = std::log(0.5F) / 0.2F;  // half as wide as its prior
  const auto found =
      decode_rfb(floats({1, 4420, 2}, scores), floats({1, 4420, 4}, offsets), RfbBoxes::offsets, {320, 240}, 0.7F);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 1U);
  const Prior last = rfb_priors({320, 240}).back();
  expect_box(found->front().box, last.x * 320 - 64, last.y * 240 - 128, last.x * 320 + 64, last.y * 240 + 128);
  EXPECT_FALSE(decode_rfb(floats({1, 2, 2}, {0, 1, 0, 1}), floats({1, 2, 4}, std::vector<float>(8)), RfbBoxes::offsets,
                          {320, 240}, 0.7F)
                   .has_value());
  EXPECT_FALSE(decode_rfb(floats({1, 2, 2}, {0, 1, 0, 1}), floats({1, 1, 4}, std::vector<float>(4)), RfbBoxes::corners,
                          {320, 240}, 0.7F)
                   .has_value());
}

// Outputs of YuNet for an input of 32 × 32: 16, 4 and 1 cells.
struct Yunet {
  std::vector<Port> ports;
  Outputs outputs;
  Yunet() {
    for (const char* kind : {"cls", "obj", "bbox", "kps"})
      for (const int stride : {8, 16, 32}) {
        const std::int64_t cells = std::int64_t{32 / stride} * (32 / stride);
        const std::string_view k = kind;
        const std::int64_t width = k == "kps" ? 10 : k == "bbox" ? 4 : 1;
        ports.push_back({std::string(kind) + "_" + std::to_string(stride), Element::float32, {1, cells, width}});
        outputs.push_back(floats({1, cells, width}, std::vector<float>(static_cast<std::size_t>(cells * width), 0.0F)));
      }
  }
  std::vector<float>& values(std::string_view name) {
    return std::get<0>(outputs[find_port(ports, name).value()].values);
  }
};

TEST(Decoders, Yunet) {
  Yunet y;
  const auto where = find_yunet(y.ports);
  ASSERT_TRUE(where.has_value());
  y.values("cls_16")[3] = 0.81F;  // row 1, column 1
  y.values("obj_16")[3] = 1.0F;
  y.values("bbox_16")[12] = 0.5F;
  y.values("bbox_16")[13] = 0.5F;
  y.values("kps_16")[30] = 0.25F;
  const auto found = decode_yunet(y.outputs, *where, {32, 32}, 0.6F);
  ASSERT_TRUE(found.has_value()) << found.error().message();
  ASSERT_EQ(found->size(), 1U);
  EXPECT_NEAR(found->front().score, 0.9, 1e-5);
  expect_box(found->front().box, 16, 16, 32, 32);
  ASSERT_TRUE(found->front().landmarks.has_value());
  EXPECT_NEAR(found->front().landmarks->at(0).x, 20, 1e-4);
  EXPECT_NEAR(found->front().landmarks->at(0).y, 16, 1e-4);
  EXPECT_FALSE(decode_yunet(y.outputs, *where, {64, 64}, 0.6F).has_value()) << "not the cells of this input";
  y.ports.pop_back();
  EXPECT_FALSE(find_yunet(y.ports).has_value());
}

TEST(Found, BackToTheFrame) {
  const Placement at = place({200, 100}, {64, 64}, Fit::centred);
  Found inside{.label = 0, .score = 1, .box = {32, 32, 48, 80}, .landmarks = Landmarks{Point{32, 32}}};
  Found above{.label = 0, .score = 1, .box = {0, 0, 64, 16}, .landmarks = {}};
  const auto found = to_frame({inside, above}, at, {200, 100});
  ASSERT_EQ(found.size(), 1U) << "the other lies in the letterbox's margin";
  expect_box(found[0].box, 100, 50, 150, 100);
  EXPECT_NEAR(found[0].landmarks->at(0).x, 100, 1e-3);
}

TEST(Found, OnlyTheSameLabelCovers) {
  const Box a{0, 0, 10, 10};
  const Box b{1, 0, 11, 10};
  const auto kept = without_overlaps({{.label = 0, .score = 0.5F, .box = a, .landmarks = {}},
                                      {.label = 0, .score = 0.9F, .box = b, .landmarks = {}},
                                      {.label = 1, .score = 0.4F, .box = a, .landmarks = {}}},
                                     0.5F);
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_FLOAT_EQ(kept[0].score, 0.9F);
  EXPECT_EQ(kept[1].label, 1U);
  EXPECT_NEAR(overlap(a, b), 90.0 / 110, 1e-5);
  EXPECT_FLOAT_EQ(overlap(a, {20, 20, 30, 30}), 0);
}

TEST(Found, AFloodOfBoxesIsBounded) {
  Candidates candidates(0.1F);
  for (int i = 0; i < 50'000; ++i) {
    const auto x = static_cast<float>(i * 10);
    candidates.add({.label = 0, .score = static_cast<float>(i) / 50'000, .box = {x, 0, x + 5, 5}, .landmarks = {}});
  }
  const auto best = candidates.take();
  ASSERT_EQ(best.size(), kMostCandidates);
  EXPECT_NEAR(best.front().score, 49'999.0 / 50'000, 1e-6);
  EXPECT_GT(best.back().score, 0.9);
  EXPECT_EQ(without_overlaps(best, 0.5F).size(), kMostFound);
}

// Whatever the numbers are: finite boxes inside the frame, scores from the least to 1, not too many.
void check_sane(const Result<std::vector<Found>>& found, Size input, float least) {
  RC_ASSERT(found.has_value());
  RC_ASSERT(found->size() <= kMostFound);
  const Size frame{640, 360};
  for (const Found& f : to_frame(*found, place(frame, input, Fit::centred), frame)) {
    RC_ASSERT(f.score >= least);
    RC_ASSERT(f.score <= 1.0F);
    RC_ASSERT(f.box.x0 >= 0 && f.box.x0 < f.box.x1 && f.box.x1 <= 640);
    RC_ASSERT(f.box.y0 >= 0 && f.box.y0 < f.box.y1 && f.box.y1 <= 360);
    if (f.landmarks)
      for (const Point& p : *f.landmarks) RC_ASSERT(std::isfinite(p.x) && std::isfinite(p.y));
  }
}

RC_GTEST_PROP(Decoders, AnyNumbersAreSafe, ()) {
  const float least = *rc::gen::element(0.0F, 0.3F, 1.0F);
  check_sane(decode_fastestdet({floats({1, 8, 3, 4}, any_numbers(96))}, {352, 352}, least), {352, 352}, least);
  check_sane(decode_yolo({floats({1, 7, 20}, any_numbers(140))}, 3, least), {64, 64}, least);
  check_sane(decode_yolo({floats({1, 15, 8}, any_numbers(120))}, 3, least), {64, 64}, least);
  check_sane(decode_yolo({floats({1, 20, 6}, any_numbers(120))}, 30, least), {64, 64}, least);
  const SsdPorts ssd{.boxes = 0, .scores = 1, .classes = 2, .count = 3};
  check_sane(decode_ssd({floats({1, 9, 4}, any_numbers(36)), floats({1, 9}, any_numbers(9)),
                         floats({1, 9}, any_numbers(9)), floats({1}, any_numbers(1))},
                        ssd, {300, 300}, least),
             {300, 300}, least);
  check_sane(decode_rfb(floats({1, 30, 2}, any_numbers(60)), floats({1, 30, 4}, any_numbers(120)), RfbBoxes::corners,
                        {320, 240}, least),
             {320, 240}, least);
  const std::size_t priors = rfb_priors({64, 64}).size();
  check_sane(decode_rfb(floats({1, static_cast<std::int64_t>(priors), 2}, any_numbers(priors * 2)),
                        floats({1, static_cast<std::int64_t>(priors), 4}, any_numbers(priors * 4)), RfbBoxes::offsets,
                        {64, 64}, least),
             {64, 64}, least);
  Yunet y;
  for (Tensor& t : y.outputs) t.values = any_numbers(std::get<0>(t.values).size());
  check_sane(decode_yunet(y.outputs, find_yunet(y.ports).value(), {32, 32}, least), {32, 32}, least);
}

RC_GTEST_PROP(Decoders, AnyShapesAreSafe, ()) {
  const auto any_tensor = [] {
    Tensor t;
    t.shape = *rc::gen::container<Shape>(static_cast<std::size_t>(*rc::gen::inRange(0, 5)),
                                         rc::gen::element<std::int64_t>(-1, 0, 1, 2, 4, 5, 6, 8, 1L << 40, 1L << 62));
    t.values = any_numbers(static_cast<std::size_t>(*rc::gen::inRange(0, 40)));
    return t;
  };
  Outputs outputs;
  for (int i = *rc::gen::inRange(0, 13); i > 0; --i) outputs.push_back(any_tensor());
  // Nothing to be said of the results but that there is one, and no crash.
  static_cast<void>(decode_fastestdet(outputs, {32, 32}, 0.1F));
  static_cast<void>(decode_yolo(outputs, 2, 0.1F));
  static_cast<void>(decode_ssd(outputs, {.boxes = 0, .scores = 1, .classes = 2, .count = 3}, {32, 32}, 0.1F));
  static_cast<void>(decode_yunet(outputs, find_yunet(Yunet().ports).value(), {32, 32}, 0.1F));
  for (const Tensor& t : outputs) static_cast<void>(decode_rfb(outputs.front(), t, RfbBoxes::offsets, {32, 32}, 0.1F));
}

}  // namespace
}  // namespace hearth::onnx
