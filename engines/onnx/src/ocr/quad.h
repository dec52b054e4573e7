// Where a piece of text stands: a rectangle at any angle, and the smallest one around some points. Pure.
#pragma once

#include "../common/geometry.h"

#include <array>
#include <span>
#include <vector>

namespace hearth::onnx {

// The corners as the text is read: where its first line begins and ends above, then ends and begins below.
struct Quad {
  std::array<Point, 4> corners;
  [[nodiscard]] float width() const;   // along the text
  [[nodiscard]] float height() const;  // across it
  // The text's direction, degrees clockwise from rightwards: −180 to 180.
  [[nodiscard]] double angle() const;
};

// The same place, read from another side: each quarter turns the reader clockwise.
Quad turned(const Quad& quad, int quarters);
// Grown by `by` on all four sides.
Quad grown(const Quad& quad, float by);

// Counter-clockwise as seen with y upwards, without points on an edge; fewer than three for points on a line.
std::vector<Point> convex_hull(std::vector<Point> points);
// The smallest rectangle around the points that is turned by at most 45° from upright; of no size for no points.
Quad smallest_rectangle(std::span<const Point> points);

}  // namespace hearth::onnx
