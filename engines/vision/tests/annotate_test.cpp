#include "annotate.h"

#include "scenes.h"

#include <gtest/gtest.h>
#include <png.h>

#include <array>

namespace hearth::vision {
namespace {

struct Decoded {
  int width = 0;
  int height = 0;
  std::string rgb;
  std::array<int, 3> at(int x, int y) const {
    std::array<int, 3> out{};
    for (int c = 0; c < 3; ++c)
      out[static_cast<std::size_t>(c)] =
          static_cast<unsigned char>(rgb[static_cast<std::size_t>((y * width + x) * 3 + c)]);
    return out;
  }
};

Decoded decoded(const std::string& png) {
  Decoded out;
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, png.data(), png.size()) == 0) return out;
  image.format = PNG_FORMAT_RGB;
  out.rgb.resize(PNG_IMAGE_SIZE(image));
  png_image_finish_read(&image, nullptr, out.rgb.data(), 0, nullptr);
  out.width = static_cast<int>(image.width);
  out.height = static_cast<int>(image.height);
  return out;
}

TEST(Annotate, DrawsTheBoxAndTheLabelsPlate) {
  const kit::Frame frame = testing::blank(800, 600, 200, 1);
  const std::vector<Detection> found{{Label::person, 0.93, {300, 200, 400, 450}}};
  const auto png = annotated_png(frame, found);
  ASSERT_TRUE(png);
  const Decoded image = decoded(*png);
  ASSERT_EQ(image.width, 800);
  ASSERT_EQ(image.height, 600);
  const std::array<int, 3> green{16, 122, 87};
  EXPECT_EQ(image.at(300, 300), green);                                // the left edge
  EXPECT_EQ(image.at(350, 450), green);                                // the lower edge
  EXPECT_EQ(image.at(302, 188), green);                                // the plate above
  EXPECT_EQ(image.at(350, 300), (std::array<int, 3>{200, 200, 200}));  // the inside is left alone
  int white = 0;
  for (int x = 300; x < 400; ++x)
    for (int y = 180; y < 198; ++y)
      if (image.at(x, y)[0] > 230) ++white;
  EXPECT_GT(white, 60);  // the text
}

TEST(Annotate, LabelsStayInsideThePicture) {
  const kit::Frame frame = testing::blank(300, 200, 90);
  const std::vector<Detection> found{
      {Label::face, 0.7, {280, 0, 300, 30}}, {Label::person, 1, {0, 0, 300, 200}}, {Label::person, 0.5, {0, 0, 1, 1}}};
  EXPECT_TRUE(annotated_png(frame, found));
}

TEST(Annotate, AnyFrameCanBeDrawnOn) {
  for (const auto& frame : {testing::blank(1, 1, 0), testing::blank(40000, 2, 9, 1), testing::blank(2, 9000, 9)}) {
    const std::vector<Detection> found{{Label::person, 0.6, {0, 0, 1, 1}}};
    const auto png = annotated_png(frame, found);
    ASSERT_TRUE(png) << frame.header.width << "x" << frame.header.height;
    EXPECT_LE(decoded(*png).width, 2048);
    EXPECT_GE(decoded(*png).width, 1);
  }
}

}  // namespace
}  // namespace hearth::vision
