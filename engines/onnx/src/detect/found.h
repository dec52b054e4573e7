// What a detector's decoder finds, and what is common to all of them: thresholds, overlap, the way back to the frame.
// Pure, and safe with whatever numbers a model gives.
#pragma once

#include "../common/geometry.h"
#include "../common/pixels.h"

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace hearth::onnx {

// Right eye, left eye, tip of the nose, right and left corner of the mouth (as the person has them).
using Landmarks = std::array<Point, 5>;

struct Found {
  std::size_t label = 0;
  float score = 0;  // 0 to 1
  Box box;
  std::optional<Landmarks> landmarks;
};

// What decoders keep at most before and after overlapping boxes are joined. A model that "finds" more is broken.
inline constexpr std::size_t kMostCandidates = 4096;
inline constexpr std::size_t kMostFound = 300;

// Collects what a decoder sees: drops scores below the least (and no numbers), boxes that are none, and all but the
// kMostCandidates best.
class Candidates {
 public:
  explicit Candidates(float least_score) : least_score_(least_score) {}
  [[nodiscard]] bool wanted(float score) const { return score >= least_score_; }
  void add(Found found);
  // Strongest first.
  [[nodiscard]] std::vector<Found> take();

 private:
  void keep_best();
  float least_score_;
  std::vector<Found> all_;
};

// Area in common over the area of both; 0 if either is empty.
float overlap(const Box& a, const Box& b);

// Of boxes with one label that overlap by more than `most`, the strongest stays. Strongest first, at most kMostFound.
std::vector<Found> without_overlaps(std::vector<Found> found, float most);

// From the model's input back to the frame, cut at its edges; what lies outside is dropped.
std::vector<Found> to_frame(std::vector<Found> found, const Placement& placement, Size frame);

}  // namespace hearth::onnx
