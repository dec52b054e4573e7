#include "found.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace hearth::onnx {
namespace {

bool is_box(const Box& b) {
  return std::isfinite(b.x0) && std::isfinite(b.y0) && std::isfinite(b.x1) && std::isfinite(b.y1) && b.x1 > b.x0 &&
         b.y1 > b.y0;
}

double area(const Box& b) {
  return (static_cast<double>(b.x1) - b.x0) * (static_cast<double>(b.y1) - b.y0);
}

// Ties are settled by place, so that one frame always has one answer.
bool stronger(const Found& a, const Found& b) {
  return std::tie(b.score, a.label, a.box.y0, a.box.x0) < std::tie(a.score, b.label, b.box.y0, b.box.x0);
}

}  // namespace

void Candidates::add(Found found) {
  if (!wanted(found.score) || !is_box(found.box)) return;
  found.score = std::min(found.score, 1.0F);
  all_.push_back(found);
  if (all_.size() >= 2 * kMostCandidates) keep_best();
}

void Candidates::keep_best() {
  if (all_.size() <= kMostCandidates) return;
  const auto end = all_.begin() + static_cast<std::ptrdiff_t>(kMostCandidates);
  std::ranges::nth_element(all_, end, stronger);
  all_.erase(end, all_.end());
}

std::vector<Found> Candidates::take() {
  keep_best();
  std::ranges::sort(all_, stronger);
  return std::move(all_);
}

float overlap(const Box& a, const Box& b) {
  if (!is_box(a) || !is_box(b)) return 0;
  const Box common{std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)};
  if (!is_box(common)) return 0;
  const double shared = area(common);
  return static_cast<float>(shared / (area(a) + area(b) - shared));
}

std::vector<Found> without_overlaps(std::vector<Found> found, float most) {
  std::ranges::sort(found, stronger);
  std::vector<Found> kept;
  for (const Found& candidate : found) {
    if (kept.size() == kMostFound) break;
    const bool covered = std::ranges::any_of(
        kept, [&](const Found& k) { return k.label == candidate.label && overlap(k.box, candidate.box) > most; });
    if (!covered) kept.push_back(candidate);
  }
  return kept;
}

std::vector<Found> to_frame(std::vector<Found> found, const Placement& placement, Size frame) {
  const auto across = [&](float x) {
    return static_cast<float>(
        std::clamp((x - placement.offset_x) / placement.scale_x, 0.0, static_cast<double>(frame.width)));
  };
  const auto down = [&](float y) {
    return static_cast<float>(
        std::clamp((y - placement.offset_y) / placement.scale_y, 0.0, static_cast<double>(frame.height)));
  };
  std::vector<Found> out;
  for (Found& f : found) {
    f.box = {across(f.box.x0), down(f.box.y0), across(f.box.x1), down(f.box.y1)};
    if (!is_box(f.box)) continue;
    if (f.landmarks) {
      bool finite = true;
      for (Point& p : *f.landmarks) {
        finite = finite && std::isfinite(p.x) && std::isfinite(p.y);
        p = {across(p.x), down(p.y)};
      }
      if (!finite) f.landmarks.reset();
    }
    out.push_back(f);
  }
  return out;
}

}  // namespace hearth::onnx
