#include "annotate.h"

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>
#include <png.h>

#include <algorithm>
#include <cmath>

namespace hearth::vision {
namespace {

constexpr double kMostSide = 2048;

cv::Scalar colour_of(Label label) {
  return label == Label::person ? cv::Scalar(16, 122, 87) : cv::Scalar(176, 58, 46);  // RGB; white text reads on both
}

cv::Mat rgb_of(const kit::Frame& frame) {
  const int width = static_cast<int>(frame.header.width);
  const int height = static_cast<int>(frame.header.height);
  const bool colour = frame.header.channels == 3;
  // OpenCV takes a pointer to non-const; nothing writes through it.
  const cv::Mat pixels(height, width, colour ? CV_8UC3 : CV_8UC1, const_cast<char*>(frame.pixels.data()));
  const double factor = std::min(1.0, kMostSide / std::max(width, height));
  cv::Mat small;
  if (factor < 1) {
    const cv::Size size(std::max(1, static_cast<int>(width * factor)), std::max(1, static_cast<int>(height * factor)));
    cv::resize(pixels, small, size, 0, 0, cv::INTER_AREA);
  } else {
    small = pixels.clone();
  }
  cv::Mat rgb;
  if (colour) return small;
  cv::cvtColor(small, rgb, cv::COLOR_GRAY2RGB);
  return rgb;
}

// Strokes grow with the picture, so that they look the same on a thumbnail and on a photograph.
struct Style {
  int stroke;
  double font;
  int font_stroke;
  int pad;
};

Style style_for(const cv::Mat& image) {
  const double side = std::max(image.cols, image.rows);
  return {std::max(1, static_cast<int>(std::lround(side / 400))), std::max(0.38, side / 1800),
          std::max(1, static_cast<int>(std::lround(side / 900))),
          std::max(2, static_cast<int>(std::lround(side / 300)))};
}

void draw(cv::Mat& image, const Detection& d, double factor, const Style& style) {
  const auto at = [&](int v) { return static_cast<int>(std::lround(v * factor)); };
  const cv::Rect box(cv::Point(at(d.box.x0), at(d.box.y0)), cv::Point(at(d.box.x1), at(d.box.y1)));
  const cv::Scalar colour = colour_of(d.label);
  cv::rectangle(image, box, cv::Scalar(255, 255, 255), style.stroke + 2, cv::LINE_AA);
  cv::rectangle(image, box, colour, style.stroke, cv::LINE_AA);
  const std::string text = fmt::format("{} {:.0f}%", name_of(d.label), d.score * 100);
  int below = 0;
  const cv::Size size = cv::getTextSize(text, cv::FONT_HERSHEY_DUPLEX, style.font, style.font_stroke, &below);
  const int height = size.height + below + 2 * style.pad;
  const int width = size.width + 2 * style.pad;
  // Above the box; inside its top where there is no room above; never past the picture's edges.
  cv::Rect plate(box.x - style.stroke / 2, box.y - height, width, height);
  if (plate.y < 0) plate.y = box.y;
  plate.x = std::clamp(plate.x, 0, std::max(0, image.cols - width));
  cv::rectangle(image, plate, colour, cv::FILLED);
  cv::putText(image, text, cv::Point(plate.x + style.pad, plate.y + style.pad + size.height), cv::FONT_HERSHEY_DUPLEX,
              style.font, cv::Scalar(255, 255, 255), style.font_stroke, cv::LINE_AA);
}

}  // namespace

Result<std::string> encode_png(std::string_view rgb, int width, int height) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_RGB;
  image.flags = PNG_IMAGE_FLAG_FAST;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, rgb.data(), 0, nullptr) == 0)
    return fail(Errc::internal, fmt::format("the annotated picture cannot be written: {}", image.message));
  bytes.resize(size);
  return bytes;
}

Result<std::string> annotated_png(const kit::Frame& frame, std::span<const Detection> detections) {
  try {
    cv::Mat image = rgb_of(frame);
    const double factor = static_cast<double>(image.cols) / frame.header.width;
    const Style style = style_for(image);
    // The strongest last: its label lies on top.
    for (std::size_t i = detections.size(); i-- > 0;) draw(image, detections[i], factor, style);
    const std::string_view pixels(reinterpret_cast<const char*>(image.data), image.total() * image.elemSize());
    return encode_png(pixels, image.cols, image.rows);
  } catch (const std::exception& e) {
    return fail(Errc::internal, fmt::format("OpenCV failed to draw on this frame: {}", e.what()));
  }
}

}  // namespace hearth::vision
