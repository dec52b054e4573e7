#include "db.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>

namespace hearth::onnx {
namespace {

constexpr double kShortSide = 736;
constexpr double kLongSide = 2000;
constexpr int kMultiple = 32;
constexpr int kSamplesAcross = 24;
constexpr int kSamplesAlong = 96;

// Text pixels, grown by one to the right and down as a 2 × 2 dilation does.
std::vector<std::uint8_t> mask_of(std::span<const float> map, Size size, float threshold) {
  const auto width = static_cast<std::size_t>(size.width);
  std::vector<std::uint8_t> mask(map.size(), 0);
  for (std::size_t y = 0; y < static_cast<std::size_t>(size.height); ++y)
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t at = y * width + x;
      if (!(map[at] > threshold)) continue;
      mask[at] = 1;
      if (x + 1 < width) mask[at + 1] = 1;
      if (y + 1 < static_cast<std::size_t>(size.height)) {
        mask[at + width] = 1;
        if (x + 1 < width) mask[at + width + 1] = 1;
      }
    }
  return mask;
}

struct Blob {
  std::size_t pixels = 0;
  std::vector<Point> outline;  // the ends of its rows, edges included
};

// Takes one connected piece (by sides and corners) out of the mask. `stack` is scratch memory.
Blob take_blob(std::vector<std::uint8_t>& mask, Size size, std::size_t start, std::vector<std::size_t>& stack) {
  const auto width = static_cast<std::size_t>(size.width);
  struct Row {
    int left = std::numeric_limits<int>::max();
    int right = -1;
  };
  const int first_row = static_cast<int>(start / width);  // scanning from the top: no row of it is above
  std::vector<Row> rows;
  Blob blob;
  stack.assign(1, start);
  mask[start] = 0;
  while (!stack.empty()) {
    const std::size_t at = stack.back();
    stack.pop_back();
    ++blob.pixels;
    const int x = static_cast<int>(at % width);
    const int y = static_cast<int>(at / width);
    const auto row = static_cast<std::size_t>(y - first_row);
    if (rows.size() <= row) rows.resize(row + 1);
    rows[row].left = std::min(rows[row].left, x);
    rows[row].right = std::max(rows[row].right, x);
    for (int dy = -1; dy <= 1; ++dy)
      for (int dx = -1; dx <= 1; ++dx) {
        const int nx = x + dx;
        const int ny = y + dy;
        if (nx < 0 || ny < 0 || nx >= size.width || ny >= size.height) continue;
        const std::size_t next = static_cast<std::size_t>(ny) * width + static_cast<std::size_t>(nx);
        if (mask[next] == 0) continue;
        mask[next] = 0;
        stack.push_back(next);
      }
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].right < 0) continue;
    const auto y = static_cast<float>(first_row + static_cast<int>(i));
    const auto left = static_cast<float>(rows[i].left);
    const auto right = static_cast<float>(rows[i].right + 1);
    for (const Point& p : {Point{left, y}, Point{right, y}, Point{left, y + 1}, Point{right, y + 1}})
      blob.outline.push_back(p);
  }
  return blob;
}

// The mean over points spread evenly over the rectangle: as good as over all its pixels, and bounded.
float mean_within(std::span<const float> map, Size size, const Quad& quad) {
  const int across = std::clamp(static_cast<int>(quad.height()), 1, kSamplesAcross);
  const int along = std::clamp(static_cast<int>(quad.width()), 1, kSamplesAlong);
  const auto& c = quad.corners;
  double sum = 0;
  for (int j = 0; j < across; ++j)
    for (int i = 0; i < along; ++i) {
      const float u = (static_cast<float>(i) + 0.5F) / static_cast<float>(along);
      const float v = (static_cast<float>(j) + 0.5F) / static_cast<float>(across);
      const float x = c[0].x + u * (c[1].x - c[0].x) + v * (c[3].x - c[0].x);
      const float y = c[0].y + u * (c[1].y - c[0].y) + v * (c[3].y - c[0].y);
      const auto px = static_cast<std::size_t>(std::clamp(static_cast<int>(x), 0, size.width - 1));
      const auto py = static_cast<std::size_t>(std::clamp(static_cast<int>(y), 0, size.height - 1));
      const float value = map[py * static_cast<std::size_t>(size.width) + px];
      if (std::isfinite(value)) sum += std::clamp(value, 0.0F, 1.0F);
    }
  return static_cast<float>(sum / (across * along));
}

int to_multiple(double side) {
  return std::clamp(static_cast<int>(std::lround(side / kMultiple)), 1, static_cast<int>(kLongSide) / kMultiple) *
         kMultiple;
}

}  // namespace

Result<std::vector<TextBox>> text_boxes(std::span<const float> map, Size size, const DbRules& rules) {
  if (size.width <= 0 || size.height <= 0 ||
      map.size() != static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height))
    return fail(Errc::invalid_argument, "the map of text is not of the size it should have");
  std::vector<std::uint8_t> mask = mask_of(map, size, rules.threshold);
  std::vector<Blob> blobs;
  std::vector<std::size_t> stack;
  const auto larger = [](const Blob& a, const Blob& b) { return a.pixels > b.pixels; };
  const auto keep_largest = [&] {
    if (blobs.size() <= rules.most) return;
    std::ranges::nth_element(blobs, blobs.begin() + static_cast<std::ptrdiff_t>(rules.most), larger);
    blobs.resize(rules.most);
  };
  for (std::size_t at = 0; at < mask.size(); ++at) {
    if (mask[at] == 0) continue;
    blobs.push_back(take_blob(mask, size, at, stack));
    if (blobs.size() >= rules.most * 2) keep_largest();
  }
  keep_largest();
  std::vector<TextBox> boxes;
  for (const Blob& blob : blobs) {
    const Quad quad = smallest_rectangle(blob.outline);
    const float width = quad.width();
    const float height = quad.height();
    if (std::min(width, height) < rules.least_side) continue;
    const float score = mean_within(map, size, quad);
    if (score < rules.box_threshold) continue;
    const float by = width * height * rules.unclip / (2 * (width + height));
    boxes.push_back({grown(quad, by), score});
  }
  std::ranges::sort(boxes, [](const TextBox& a, const TextBox& b) {
    return std::tie(a.quad.corners[0].y, a.quad.corners[0].x) < std::tie(b.quad.corners[0].y, b.quad.corners[0].x);
  });
  return boxes;
}

Size detection_size(Size frame) {
  const double shorter = std::min(frame.width, frame.height);
  const double longer = std::max(frame.width, frame.height);
  double factor = std::max(1.0, kShortSide / shorter);
  factor = std::min(factor, kLongSide / longer);
  return {to_multiple(frame.width * factor), to_multiple(frame.height * factor)};
}

}  // namespace hearth::onnx
