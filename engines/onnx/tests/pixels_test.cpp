#include "common/pixels.h"

#include "fake_model.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hearth::onnx {
namespace {

using testing::picture_of;

TEST(Pixels, ScalingKeepsAColour) {
  std::vector<std::uint8_t> bytes;
  const PictureView picture = picture_of(bytes, 37, 21, 10, 200, 90);
  for (const Size to : {Size{5, 3}, Size{37, 21}, Size{100, 64}, Size{1, 1}, Size{200, 2}}) {
    const auto out = resized(picture, to);
    ASSERT_EQ(out.size(), static_cast<std::size_t>(to.width) * static_cast<std::size_t>(to.height) * 3);
    for (std::size_t i = 0; i < out.size(); ++i) EXPECT_NEAR(out[i], i % 3 == 0 ? 10 : i % 3 == 1 ? 200 : 90, 0.01);
  }
}

TEST(Pixels, ShrinkingAveragesAndEnlargingInterpolates) {
  // Columns black and white in turn: an aliased sample would be one of them.
  std::vector<std::uint8_t> stripes;
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 64; ++x) stripes.push_back(x % 2 == 0 ? 0 : 255);
  const auto small = resized({stripes, 64, 16, 1}, {8, 4});
  for (const float v : small) EXPECT_NEAR(v, 127.5, 10);
  const std::vector<std::uint8_t> two{0, 200};
  const auto wide = resized({two, 2, 1, 1}, {4, 1});
  EXPECT_NEAR(wide[0], 0, 0.01);
  EXPECT_NEAR(wide[3], 50, 0.01);
  EXPECT_NEAR(wide[6], 150, 0.01);
  EXPECT_NEAR(wide[9], 200, 0.01);
}

TEST(Pixels, PlanesAreNormalisedInTheModelsOrder) {
  std::vector<std::uint8_t> bytes;
  const PictureView picture = picture_of(bytes, 4, 2, 255, 127, 0);
  const Normalisation how{.bgr = true, .mean = {0, 127, 127}, .scale = {1 / 255.0F, 1, 1 / 128.0F}, .fill = 114};
  const auto planes = to_planes(picture, {4, 4}, Fit::centred, how);
  ASSERT_EQ(planes.size(), 48U);
  const auto at = [&](std::size_t c, std::size_t y) { return planes[c * 16 + y * 4]; };
  EXPECT_NEAR(at(0, 0), 114 / 255.0, 1e-5);  // the filled rows above
  EXPECT_NEAR(at(1, 0), -13, 1e-5);
  EXPECT_NEAR(at(0, 1), 0, 1e-5);  // blue first
  EXPECT_NEAR(at(1, 1), 0, 1e-5);
  EXPECT_NEAR(at(2, 2), 1, 1e-5);
  EXPECT_NEAR(at(2, 3), (114 - 127) / 128.0, 1e-5);
}

TEST(Pixels, APlacementLeadsBackToTheFrame) {
  const Placement centred = place({200, 100}, {64, 64}, Fit::centred);
  EXPECT_DOUBLE_EQ(centred.scale_x, 0.32);
  EXPECT_DOUBLE_EQ(centred.scale_y, 0.32);
  EXPECT_DOUBLE_EQ(centred.offset_x, 0);
  EXPECT_DOUBLE_EQ(centred.offset_y, 16);
  const Placement stretched = place({200, 100}, {64, 64}, Fit::stretch);
  EXPECT_DOUBLE_EQ(stretched.scale_x, 0.32);
  EXPECT_DOUBLE_EQ(stretched.scale_y, 0.64);
  EXPECT_DOUBLE_EQ(place({100, 200}, {64, 64}, Fit::top_left).offset_x, 0);
}

RC_GTEST_PROP(Pixels, AnySizesFit, ()) {
  const int width = *rc::gen::inRange(1, 40);
  const int height = *rc::gen::inRange(1, 40);
  const Size input{*rc::gen::inRange(1, 50), *rc::gen::inRange(1, 50)};
  const int channels = *rc::gen::element(1, 3);
  const auto bytes = *rc::gen::container<std::vector<std::uint8_t>>(static_cast<std::size_t>(width * height * channels),
                                                                    rc::gen::arbitrary<std::uint8_t>());
  for (const Fit fit : {Fit::stretch, Fit::centred, Fit::top_left}) {
    const auto planes = to_planes({bytes, width, height, channels}, input, fit, {});
    RC_ASSERT(planes.size() == static_cast<std::size_t>(input.width * input.height * 3));
    RC_ASSERT(std::ranges::all_of(planes, [](float v) { return v >= -0.01F && v <= 255.01F; }));
    const Placement at = place({width, height}, input, fit);
    RC_ASSERT(at.scale_x * width + at.offset_x <= input.width + 1e-6);
    RC_ASSERT(at.scale_y * height + at.offset_y <= input.height + 1e-6);
  }
}

}  // namespace
}  // namespace hearth::onnx
