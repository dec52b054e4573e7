#include "quad.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <tuple>

namespace hearth::onnx {
namespace {

float distance(const Point& a, const Point& b) {
  return std::hypot(b.x - a.x, b.y - a.y);
}

double cross(const Point& o, const Point& a, const Point& b) {
  return (static_cast<double>(a.x) - o.x) * (static_cast<double>(b.y) - o.y) -
         (static_cast<double>(a.y) - o.y) * (static_cast<double>(b.x) - o.x);
}

// The rectangle around the points with its first side along (ux, uy), which has length 1.
struct Extent {
  double ux = 1;
  double uy = 0;
  double low_u = std::numeric_limits<double>::max();
  double high_u = std::numeric_limits<double>::lowest();
  double low_v = std::numeric_limits<double>::max();
  double high_v = std::numeric_limits<double>::lowest();

  Extent(double x, double y, std::span<const Point> points) : ux(x), uy(y) {
    for (const Point& p : points) {
      const double u = p.x * ux + p.y * uy;
      const double v = -p.x * uy + p.y * ux;
      low_u = std::min(low_u, u);
      high_u = std::max(high_u, u);
      low_v = std::min(low_v, v);
      high_v = std::max(high_v, v);
    }
  }
  [[nodiscard]] double area() const { return (high_u - low_u) * (high_v - low_v); }
  [[nodiscard]] Point at(double u, double v) const {
    return {static_cast<float>(u * ux - v * uy), static_cast<float>(u * uy + v * ux)};
  }
  [[nodiscard]] Quad quad() const {
    return {{at(low_u, low_v), at(high_u, low_v), at(high_u, high_v), at(low_u, high_v)}};
  }
};

}  // namespace

float Quad::width() const {
  return std::max(distance(corners[0], corners[1]), distance(corners[3], corners[2]));
}

float Quad::height() const {
  return std::max(distance(corners[0], corners[3]), distance(corners[1], corners[2]));
}

double Quad::angle() const {
  return std::atan2(static_cast<double>(corners[1].y) - corners[0].y,
                    static_cast<double>(corners[1].x) - corners[0].x) *
         180 / std::numbers::pi;
}

Quad turned(const Quad& quad, int quarters) {
  Quad out;
  for (std::size_t i = 0; i < 4; ++i)
    out.corners.at(i) = quad.corners.at((i + static_cast<std::size_t>(quarters & 3)) % 4);
  return out;
}

Quad grown(const Quad& quad, float by) {
  const double angle = quad.angle() * std::numbers::pi / 180;
  const auto ux = static_cast<float>(std::cos(angle)) * by;
  const auto uy = static_cast<float>(std::sin(angle)) * by;
  const auto& c = quad.corners;
  return {{Point{c[0].x - ux + uy, c[0].y - uy - ux}, Point{c[1].x + ux + uy, c[1].y + uy - ux},
           Point{c[2].x + ux - uy, c[2].y + uy + ux}, Point{c[3].x - ux - uy, c[3].y - uy + ux}}};
}

std::vector<Point> convex_hull(std::vector<Point> points) {
  const auto before = [](const Point& a, const Point& b) { return std::tie(a.x, a.y) < std::tie(b.x, b.y); };
  std::ranges::sort(points, before);
  std::vector<Point> hull;
  // The lower side from left to right, then the upper one back.
  for (const bool back : {false, true}) {
    const std::size_t start = hull.size();
    for (std::size_t i = 0; i < points.size(); ++i) {
      const Point& p = back ? points[points.size() - 1 - i] : points[i];
      while (hull.size() >= start + 2 && cross(hull[hull.size() - 2], hull.back(), p) <= 0) hull.pop_back();
      hull.push_back(p);
    }
    if (!hull.empty()) hull.pop_back();  // the other side begins with it
  }
  return hull;
}

Quad smallest_rectangle(std::span<const Point> points) {
  if (points.empty()) return {};
  const std::vector<Point> hull = convex_hull(std::vector<Point>(points.begin(), points.end()));
  Extent best(1, 0, points);
  // A side of the smallest rectangle lies along a side of the hull.
  for (std::size_t i = 0; i < hull.size() && hull.size() > 2; ++i) {
    const Point& a = hull[i];
    const Point& b = hull[(i + 1) % hull.size()];
    double x = static_cast<double>(b.x) - a.x;
    double y = static_cast<double>(b.y) - a.y;
    const double length = std::hypot(x, y);
    if (length <= 0) continue;
    x /= length;
    y /= length;
    // The same rectangle with its first side closest to rightwards.
    while (x < std::abs(y)) {
      const double before = x;
      x = y;
      y = -before;
    }
    const Extent candidate(x, y, hull);
    if (candidate.area() < best.area() * (1 - 1e-9)) best = candidate;
  }
  return best.quad();
}

}  // namespace hearth::onnx
