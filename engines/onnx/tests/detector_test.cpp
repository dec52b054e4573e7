#include "detect/detector.h"

#include "detect/draw.h"
#include "fake_model.h"

#include <gtest/gtest.h>

namespace hearth::onnx {
namespace {

using testing::FakeModel;
using testing::floats;
using testing::picture_of;

std::unique_ptr<FakeModel> model(std::vector<Port> inputs, std::vector<Port> outputs, FakeModel::Run run = {}) {
  return std::make_unique<FakeModel>(std::move(inputs), std::move(outputs), std::move(run));
}

Port port(std::string name, Shape shape, Element element = Element::float32) {
  return {std::move(name), element, std::move(shape)};
}

TEST(Detector, KnowsFamiliesByTheirOutputs) {
  const auto family = [](std::vector<Port> inputs, std::vector<Port> outputs) {
    return Detector::create(model(std::move(inputs), std::move(outputs)), {}).value()->family();
  };
  const std::vector<Port> square{port("x", {1, 3, 320, 320})};
  EXPECT_EQ(family(square, {port("758", {1, 85, 22, 22})}), Family::fastestdet);
  EXPECT_EQ(family(square, {port("output0", {1, 84, 8400})}), Family::yolo);
  EXPECT_EQ(family(square, {port("scores", {1, 4420, 2}), port("boxes", {1, 4420, 4})}), Family::rfb);
  EXPECT_EQ(family({port("image", {1, -1, -1, 3}, Element::uint8)},
                   {port("detection_boxes", {1, -1, 4}), port("detection_scores", {1, -1}),
                    port("detection_classes", {1, -1})}),
            Family::ssd);
}

TEST(Detector, RefusesWhatFitsNoFamily) {
  const auto refused = [](std::vector<Port> inputs, std::vector<Port> outputs, std::string family = {}) {
    const auto made =
        Detector::create(model(std::move(inputs), std::move(outputs)), {.family = std::move(family), .labels = {}});
    return made ? Errc::internal : made.error().kind();
  };
  EXPECT_EQ(refused({port("x", {1, 3, 320, 320})}, {}), Errc::unsupported);
  EXPECT_EQ(refused({port("x", {1, 3, 320, 320})}, {port("y", {1, 1000})}), Errc::unsupported);
  EXPECT_EQ(refused({port("x", {1, 3, 320, 320}), port("z", {1})}, {port("y", {1, 84, 8400})}), Errc::unsupported);
  EXPECT_EQ(refused({port("x", {1, 1, 320, 320})}, {port("y", {1, 84, 8400})}), Errc::unsupported);
  EXPECT_EQ(refused({port("x", {1, 3, 320, 1 << 20})}, {port("y", {1, 84, 8400})}), Errc::unsupported);
  EXPECT_EQ(refused({port("x", {1, 3, 320, 320})}, {port("y", {1, 84, 8400})}, "yunet"), Errc::unsupported);
  EXPECT_EQ(refused({port("x", {1, 3, 320, 320})}, {port("y", {1, 84, 8400})}, "resnet"), Errc::invalid_argument);
}

// A YOLO of two labels that finds one of each.
std::unique_ptr<Detector> two_labels(Shape& given) {
  auto made = model({port("images", {1, 3, -1, -1})}, {port("output0", {1, 6, -1})},
                    [&given](const std::vector<Tensor>& inputs) -> Result<std::vector<Tensor>> {
                      given = inputs[0].shape;
                      return std::vector{floats({1, 6, 2}, {320, 100, 320, 340, 64, 20, 32, 20, 0.9F, 0, 0, 0.6F})};
                    });
  made->said["names"] = "{0: 'cat', 1: 'dog'}";
  return Detector::create(std::move(made), {}).value();
}

TEST(Detector, FindsWithTheModelsOwnLabels) {
  Shape given;
  const auto detector = two_labels(given);
  EXPECT_EQ(detector->labels(), (Labels{"cat", "dog"}));
  std::vector<std::uint8_t> bytes;
  const PictureView frame = picture_of(bytes, 1280, 960, 1, 2, 3);
  const auto found = detector->detect(frame, {true, true}, 0.5F);
  ASSERT_TRUE(found.has_value()) << found.error().message();
  EXPECT_EQ(given, (Shape{1, 3, 640, 640}));
  ASSERT_EQ(found->size(), 2U);
  // 1280 × 960 lies 640 × 480 in the middle of 640 × 640.
  EXPECT_NEAR(found->at(0).box.x0, (320 - 32) * 2, 0.1);
  EXPECT_NEAR(found->at(0).box.y0, (320 - 16 - 80) * 2, 0.1);
  EXPECT_EQ(detector->detect(frame, {false, true}, 0.5F)->size(), 1U);
  EXPECT_EQ(detector->detect(frame, {true, true}, 0.8F)->size(), 1U);
}

TEST(Detector, APngOfWhatWasFound) {
  std::vector<std::uint8_t> bytes;
  const PictureView frame = picture_of(bytes, 60, 40, 250, 250, 250);
  const Found found{
      .label = 3, .score = 0.5F, .box = {-5, 10, 200, 30}, .landmarks = Landmarks{Point{5, 5}, Point{1e9F, -1e9F}}};
  const auto png = annotated_png(frame, std::vector{found});
  ASSERT_TRUE(png.has_value());
  EXPECT_TRUE(png->starts_with("\x89PNG\r\n\x1A\n"));
  EXPECT_TRUE(png->ends_with(std::string("IEND\xAE\x42\x60\x82", 8)));
}

TEST(Labels, Names) {
  EXPECT_EQ(coco_labels().size(), 80U);
  const Labels gaps = coco_labels_with_gaps();
  ASSERT_EQ(gaps.size(), 91U);
  EXPECT_EQ(gaps[1], "person");
  EXPECT_EQ(gaps[13], "stop sign");
  EXPECT_EQ(gaps[90], "toothbrush");
  EXPECT_EQ(gaps[12], "");
  EXPECT_EQ(parse_label_lines("person\r\n\nface").value(), (Labels{"person", "", "face"}));
  EXPECT_FALSE(parse_label_lines("").has_value());
  EXPECT_FALSE(parse_label_lines(std::string(101, 'a')).has_value());
  EXPECT_FALSE(parse_label_lines("\xFF").has_value());
  EXPECT_EQ(parse_label_map(R"({0: 'person', 2: "driver's seat"})").value(), (Labels{"person", "", "driver's seat"}));
  for (const char* bad : {"", "{", "{}", "{0}", "{0: person}", "{0: 'person", "{-1: 'a'}", "{99999: 'a'}", "{0: 'a' 1"})
    EXPECT_FALSE(parse_label_map(bad).has_value()) << bad;
}

TEST(Labels, Choosing) {
  const Labels labels{"person", "", "car", "person"};
  EXPECT_EQ(choose_labels(labels, "").value(), (std::vector{true, true, true, true}));
  EXPECT_EQ(choose_labels(labels, "person,car,person").value(), (std::vector{true, false, true, true}));
  EXPECT_EQ(choose_labels(labels, "car").value(), (std::vector{false, false, true, false}));
  for (const char* bad : {"cat", "car,", ",", "Car"}) EXPECT_FALSE(choose_labels(labels, bad).has_value()) << bad;
  EXPECT_NE(choose_labels(labels, "c\x01t").error().message().find("person, car"), std::string::npos);
}

}  // namespace
}  // namespace hearth::onnx
