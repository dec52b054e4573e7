#include "pixels.h"

#include <algorithm>
#include <cmath>
#include <deque>

namespace hearth::onnx {
namespace {

// Which pixels of a line make up one output pixel, and by how much; the weights add up to 1.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Taps> taps_for(int from, int to) {
  const double step = static_cast<double>(from) / to;
  const double reach = std::max(step, 1.0);
  std::vector<Taps> all(static_cast<std::size_t>(to));
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * step - 0.5;
    const int low = std::max(static_cast<int>(std::ceil(centre - reach)), 0);
    const int high = std::min(static_cast<int>(std::floor(centre + reach)), from - 1);
    Taps& taps = all[static_cast<std::size_t>(i)];
    taps.first = std::min(low, from - 1);
    double sum = 0;
    for (int at = taps.first; at <= std::max(high, taps.first); ++at) {
      const double weight = std::max(1 - std::abs(at - centre) / reach, 0.0);
      taps.weights.push_back(static_cast<float>(weight));
      sum += weight;
    }
    if (sum <= 0) {  // nothing in reach: the pixel itself
      taps.weights.assign(1, 1.0F);
      continue;
    }
    for (float& weight : taps.weights) weight = static_cast<float>(weight / sum);
  }
  return all;
}

void scale_row(const PictureView& picture, int y, const std::vector<Taps>& columns, std::vector<float>& into) {
  const auto channels = static_cast<std::size_t>(picture.channels);
  const std::uint8_t* row =
      picture.bytes.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) * channels;
  into.resize(columns.size() * 3);
  float* out = into.data();
  for (const Taps& taps : columns) {
    const std::uint8_t* at = row + static_cast<std::size_t>(taps.first) * channels;
    float red = 0;
    float green = 0;
    float blue = 0;
    if (channels == 3) {
      for (const float weight : taps.weights) {
        red += weight * static_cast<float>(at[0]);
        green += weight * static_cast<float>(at[1]);
        blue += weight * static_cast<float>(at[2]);
        at += 3;
      }
    } else {
      for (const float weight : taps.weights) red += weight * static_cast<float>(*at++);
      green = blue = red;
    }
    *out++ = red;
    *out++ = green;
    *out++ = blue;
  }
}

// Gives every row of the scaled picture to `take(y, values)`, top to bottom.
template <typename Take>
void each_scaled_row(const PictureView& picture, Size to, const Take& take) {
  const std::vector<Taps> columns = taps_for(picture.width, to.width);
  const std::vector<Taps> rows = taps_for(picture.height, to.height);
  // Rows scaled in width, from `first` on: neighbours in the output share most of theirs.
  std::deque<std::vector<float>> window;
  int first = 0;
  std::vector<float> sum(static_cast<std::size_t>(to.width) * 3);
  for (int y = 0; y < to.height; ++y) {
    const Taps& taps = rows[static_cast<std::size_t>(y)];
    while (!window.empty() && first < taps.first) {
      window.pop_front();
      ++first;
    }
    if (window.empty()) first = taps.first;
    const int end = taps.first + static_cast<int>(taps.weights.size());
    for (int at = first + static_cast<int>(window.size()); at < end; ++at)
      scale_row(picture, at, columns, window.emplace_back());
    std::ranges::fill(sum, 0.0F);
    for (std::size_t i = 0; i < taps.weights.size(); ++i) {
      const float weight = taps.weights[i];
      const std::vector<float>& row = window[i];
      for (std::size_t x = 0; x < sum.size(); ++x) sum[x] += weight * row[x];
    }
    take(y, sum);
  }
}

// The size and the corner of the frame's image within the input.
struct Area {
  Size size;
  int left = 0;
  int top = 0;
};

Area area_of(Size frame, Size input, Fit fit) {
  if (fit == Fit::stretch) return {input, 0, 0};
  const double factor =
      std::min(static_cast<double>(input.width) / frame.width, static_cast<double>(input.height) / frame.height);
  Area area;
  area.size.width = std::clamp(static_cast<int>(std::lround(frame.width * factor)), 1, input.width);
  area.size.height = std::clamp(static_cast<int>(std::lround(frame.height * factor)), 1, input.height);
  if (fit == Fit::centred) {
    area.left = (input.width - area.size.width) / 2;
    area.top = (input.height - area.size.height) / 2;
  }
  return area;
}

}  // namespace

Placement place(Size frame, Size input, Fit fit) {
  const Area area = area_of(frame, input, fit);
  return {static_cast<double>(area.size.width) / frame.width, static_cast<double>(area.size.height) / frame.height,
          static_cast<double>(area.left), static_cast<double>(area.top)};
}

std::vector<float> resized(const PictureView& picture, Size to) {
  std::vector<float> out;
  out.reserve(static_cast<std::size_t>(to.width) * static_cast<std::size_t>(to.height) * 3);
  each_scaled_row(picture, to,
                  [&](int, const std::vector<float>& row) { out.insert(out.end(), row.begin(), row.end()); });
  return out;
}

std::vector<float> to_planes(const PictureView& frame, Size input, Fit fit, const Normalisation& how) {
  const Area area = area_of({frame.width, frame.height}, input, fit);
  const auto width = static_cast<std::size_t>(input.width);
  const std::size_t plane = width * static_cast<std::size_t>(input.height);
  std::vector<float> out(plane * 3);
  for (std::size_t c = 0; c < 3; ++c)
    std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(c * plane), plane, (how.fill - how.mean[c]) * how.scale[c]);
  each_scaled_row(frame, area.size, [&](int y, const std::vector<float>& row) {
    const std::size_t start = static_cast<std::size_t>(y + area.top) * width + static_cast<std::size_t>(area.left);
    for (std::size_t c = 0; c < 3; ++c) {
      float* to = out.data() + c * plane + start;
      const float* from = row.data() + (how.bgr ? 2 - c : c);
      for (int x = 0; x < area.size.width; ++x, from += 3) *to++ = (*from - how.mean[c]) * how.scale[c];
    }
  });
  return out;
}

std::vector<std::uint8_t> to_bytes(const PictureView& frame, Size input, Fit fit) {
  const Area area = area_of({frame.width, frame.height}, input, fit);
  std::vector<std::uint8_t> out(static_cast<std::size_t>(input.width) * static_cast<std::size_t>(input.height) * 3);
  each_scaled_row(frame, area.size, [&](int y, const std::vector<float>& row) {
    std::uint8_t* to = out.data() + (static_cast<std::size_t>(y + area.top) * static_cast<std::size_t>(input.width) +
                                     static_cast<std::size_t>(area.left)) *
                                        3;
    for (const float value : row) *to++ = static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 255.0F)));
  });
  return out;
}

}  // namespace hearth::onnx
