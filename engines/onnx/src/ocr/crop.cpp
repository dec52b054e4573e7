#include "crop.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace hearth::onnx {
namespace {

constexpr int kMostTaps = 8;  // samples per output pixel and direction, when a large text is scaled down

// The frame between pixels, with its edge repeated outside.
std::array<float, 3> sample(const PictureView& frame, float x, float y) {
  const float fx = std::clamp(x - 0.5F, 0.0F, static_cast<float>(frame.width - 1));
  const float fy = std::clamp(y - 0.5F, 0.0F, static_cast<float>(frame.height - 1));
  const auto x0 = static_cast<std::size_t>(fx);
  const auto y0 = static_cast<std::size_t>(fy);
  const std::size_t x1 = std::min(x0 + 1, static_cast<std::size_t>(frame.width - 1));
  const std::size_t y1 = std::min(y0 + 1, static_cast<std::size_t>(frame.height - 1));
  const float u = fx - static_cast<float>(x0);
  const float v = fy - static_cast<float>(y0);
  const auto channels = static_cast<std::size_t>(frame.channels);
  const auto at = [&](std::size_t px, std::size_t py, std::size_t c) {
    return static_cast<float>(
        frame.bytes[(py * static_cast<std::size_t>(frame.width) + px) * channels + (channels == 3 ? c : 0)]);
  };
  std::array<float, 3> out{};
  for (std::size_t c = 0; c < 3; ++c)
    out.at(c) =
        (at(x0, y0, c) * (1 - u) + at(x1, y0, c) * u) * (1 - v) + (at(x0, y1, c) * (1 - u) + at(x1, y1, c) * u) * v;
  return out;
}

}  // namespace

Crop cut_out(const PictureView& frame, const Quad& quad, int height, int most_width) {
  Crop crop;
  const double ratio = static_cast<double>(quad.width()) / std::max(quad.height(), 1.0F);
  crop.size.height = height;
  crop.size.width = std::clamp(static_cast<int>(std::ceil(std::min(ratio * height, 1e6))), 1, most_width);
  crop.rgb.reserve(static_cast<std::size_t>(crop.size.width) * static_cast<std::size_t>(height) * 3);
  const auto& c = quad.corners;
  const auto taps = [](float pixels, int outputs) {
    return std::clamp(static_cast<int>(std::lround(pixels / static_cast<float>(outputs))), 1, kMostTaps);
  };
  const int along = taps(quad.width(), crop.size.width);
  const int across = taps(quad.height(), height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < crop.size.width; ++x) {
      std::array<float, 3> sum{};
      for (int j = 0; j < across; ++j)
        for (int i = 0; i < along; ++i) {
          const float u = (static_cast<float>(x) + (static_cast<float>(i) + 0.5F) / static_cast<float>(along)) /
                          static_cast<float>(crop.size.width);
          const float v = (static_cast<float>(y) + (static_cast<float>(j) + 0.5F) / static_cast<float>(across)) /
                          static_cast<float>(height);
          const auto one = sample(frame, c[0].x + u * (c[1].x - c[0].x) + v * (c[3].x - c[0].x),
                                  c[0].y + u * (c[1].y - c[0].y) + v * (c[3].y - c[0].y));
          for (std::size_t k = 0; k < 3; ++k) sum.at(k) += one.at(k);
        }
      for (const float value : sum)
        crop.rgb.push_back(static_cast<std::uint8_t>(std::lround(value / static_cast<float>(along * across))));
    }
  return crop;
}

}  // namespace hearth::onnx
