#include "curves.h"

#include <hearth/core/file.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hearth::bench {
namespace {

constexpr double kLeft = 60;
constexpr double kTop = 44;
constexpr double kWidth = 600;
constexpr double kHeight = 240;
constexpr int kSteps = 240;

struct Axis {
  double from;  // seconds, decimal logarithm
  double to;
  [[nodiscard]] double at(double seconds) const { return kLeft + (std::log10(seconds) - from) / (to - from) * kWidth; }
};

Axis axis_for(const std::vector<Curve>& curves) {
  double least = 1;
  double most = 1e-9;
  for (const Curve& curve : curves) {
    least = std::min(least, curve.seconds.quantile(0.001));
    most = std::max(most, curve.seconds.quantile(0.999));
  }
  return {std::log10(least * 0.9), std::log10(most * 1.1)};
}

double height_of(double share) {
  return kTop + (1 - share) * kHeight;
}

std::string grid(const Axis& axis) {
  std::string svg;
  for (const int percent : {0, 25, 50, 75, 99}) {
    const double y = height_of(percent / 100.0);
    svg += fmt::format("<path d='M{} {:.1f}h{}' class='grid'/><text x='{}' y='{:.1f}' text-anchor='end'>{} %</text>\n",
                       kLeft, y, kWidth, kLeft - 8, y + 4, percent);
  }
  for (int power = -6; power <= 1; ++power) {
    for (const int digit : {1, 2, 5}) {
      const double seconds = digit * std::pow(10, power);
      if (std::log10(seconds) < axis.from || std::log10(seconds) > axis.to) continue;
      const std::string text = power < -3  ? fmt::format("{:g} µs", digit * std::pow(10, power + 6))
                               : power < 0 ? fmt::format("{:g} ms", digit * std::pow(10, power + 3))
                                           : fmt::format("{:g} s", seconds);
      svg +=
          fmt::format("<path d='M{:.1f} {}v{}' class='grid'/><text x='{:.1f}' y='{}' text-anchor='middle'>{}</text>\n",
                      axis.at(seconds), kTop, kHeight, axis.at(seconds), kTop + kHeight + 18, text);
    }
  }
  return svg;
}

std::string line(const Axis& axis, const Curve& curve) {
  std::string points;
  for (int i = 1; i < kSteps; ++i) {
    const double share = static_cast<double>(i) / kSteps;
    points += fmt::format("{:.1f},{:.1f} ", axis.at(curve.seconds.quantile(share)), height_of(share));
  }
  return fmt::format("<polyline points='{}' fill='none' stroke='{}' stroke-width='2'/>\n", points, curve.colour);
}

}  // namespace

Result<void> draw_curves(const std::filesystem::path& file, const std::string& title,
                         const std::vector<Curve>& curves) {
  const Axis axis = axis_for(curves);
  const double bottom = kTop + kHeight + 44;
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {0} {1}' width='{0}' height='{1}' role='img' "
      "font-family='DejaVu Sans, sans-serif' font-size='12' fill='#333'>\n"
      "<title>{2}</title>\n<style>.grid{{stroke:#ddd;stroke-width:1}}</style>\n"
      "<rect width='100%' height='100%' fill='#fff'/>\n<text x='{3}' y='24' font-size='14'>{2}</text>\n",
      kLeft + kWidth + 30, bottom + 14 + 20 * std::ceil(static_cast<double>(curves.size()) / 2), title, kLeft);
  svg += grid(axis);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    svg += line(axis, curves[i]);
    const double x = kLeft + (i % 2 == 0 ? 0 : kWidth / 2);
    const double y = bottom + 20 * static_cast<double>(i / 2);
    svg +=
        fmt::format("<path d='M{:.0f} {:.0f}h22' stroke='{}' stroke-width='2'/><text x='{:.0f}' y='{:.0f}'>{}</text>\n",
                    x, y - 4, curves[i].colour, x + 30, y, curves[i].label);
  }
  return write_file_atomic(file, svg + "</svg>\n");
}

}  // namespace hearth::bench
