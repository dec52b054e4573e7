// Where things are, in pixels, and how one picture's pixels map to another's. Header-only, values only.
#pragma once

#include <algorithm>
#include <cmath>

namespace hearth::ocr {

// Half open: x1 and y1 are the first pixel that no longer belongs to it.
struct Box {
  int x0 = 0;
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;
  [[nodiscard]] int width() const { return x1 - x0; }
  [[nodiscard]] int height() const { return y1 - y0; }
  [[nodiscard]] bool empty() const { return x1 <= x0 || y1 <= y0; }
  [[nodiscard]] double middle_y() const { return (y0 + y1) / 2.0; }
  friend bool operator==(const Box&, const Box&) = default;
};

inline Box joined(const Box& a, const Box& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  return {std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1, b.x1), std::max(a.y1, b.y1)};
}

// How much of the flatter one's height the two share: 0 to 1.
inline double shared_height(const Box& a, const Box& b) {
  const int shared = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  const int least = std::min(a.height(), b.height());
  return least <= 0 || shared <= 0 ? 0 : static_cast<double>(shared) / least;
}

// x' = a·x + b·y + c; y' = d·x + e·y + f. Positions are edges between pixels, so a picture of width w spans 0 to w.
struct Affine {
  double a = 1, b = 0, c = 0;
  double d = 0, e = 1, f = 0;

  // First this, then `next`.
  [[nodiscard]] Affine then(const Affine& next) const {
    return {next.a * a + next.b * d, next.a * b + next.b * e, next.a * c + next.b * f + next.c,
            next.d * a + next.e * d, next.d * b + next.e * e, next.d * c + next.e * f + next.f};
  }

  // The smallest upright box around the mapped one, cut to a picture of width × height; never empty there.
  [[nodiscard]] Box map(const Box& box, int width, int height) const {
    double left = 1e18;
    double top = 1e18;
    double right = -1e18;
    double bottom = -1e18;
    for (const int x : {box.x0, box.x1})
      for (const int y : {box.y0, box.y1}) {
        const double mx = a * x + b * y + c;
        const double my = d * x + e * y + f;
        left = std::min(left, mx);
        right = std::max(right, mx);
        top = std::min(top, my);
        bottom = std::max(bottom, my);
      }
    const auto cut = [](double v, int low, int high) {
      return static_cast<int>(std::clamp(std::round(v), static_cast<double>(low), static_cast<double>(high)));
    };
    Box out;
    out.x0 = cut(left, 0, width - 1);
    out.y0 = cut(top, 0, height - 1);
    out.x1 = cut(right, out.x0 + 1, width);
    out.y1 = cut(bottom, out.y0 + 1, height);
    return out;
  }
};

}  // namespace hearth::ocr
