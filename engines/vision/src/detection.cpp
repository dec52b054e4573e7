#include "detection.h"

#include <algorithm>

namespace hearth::vision {
namespace {

double area(const Box& b) {
  return b.x1 <= b.x0 || b.y1 <= b.y0 ? 0 : static_cast<double>(b.x1 - b.x0) * (b.y1 - b.y0);
}

}  // namespace

double overlap(const Box& a, const Box& b) {
  const Box common{std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)};
  const double least = std::min(area(a), area(b));
  return least <= 0 ? 0 : area(common) / least;
}

std::vector<Peak> strongest(std::vector<Window> windows, double most_overlap) {
  std::ranges::sort(windows, std::ranges::greater{}, &Window::weight);
  std::vector<Peak> peaks;
  for (const Window& window : windows) {
    const auto same =
        std::ranges::find_if(peaks, [&](const Peak& p) { return overlap(p.window.box, window.box) > most_overlap; });
    if (same == peaks.end()) {
      peaks.push_back({window, 1});
    } else {
      ++same->support;
    }
  }
  return peaks;
}

Box clipped(const Box& box, int width, int height) {
  Box out;
  out.x0 = std::clamp(box.x0, 0, width - 1);
  out.y0 = std::clamp(box.y0, 0, height - 1);
  out.x1 = std::clamp(box.x1, out.x0 + 1, width);
  out.y1 = std::clamp(box.y1, out.y0 + 1, height);
  return out;
}

}  // namespace hearth::vision
