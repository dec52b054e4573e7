#include "decoders.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hearth::onnx {
namespace {

constexpr float kMostOverlap = 0.45F;
constexpr std::int64_t kFinishedColumns = 6;

// A view of the output as boxes of values, whichever axis comes first.
struct Grid {
  std::span<const float> values;
  std::size_t boxes = 0;
  std::size_t box_step = 0;
  std::size_t value_step = 0;
  [[nodiscard]] float at(std::size_t box, std::size_t value) const {
    return values[box * box_step + value * value_step];
  }
};

Box centred_box(const Grid& grid, std::size_t box) {
  const float x = grid.at(box, 0);
  const float y = grid.at(box, 1);
  const float w = grid.at(box, 2) / 2;
  const float h = grid.at(box, 3) / 2;
  return {x - w, y - h, x + w, y + h};
}

void add_box(const Grid& grid, std::size_t box, std::size_t first_label, std::size_t labels, Candidates& candidates) {
  const float certain = first_label == 5 ? grid.at(box, 4) : 1.0F;
  if (!candidates.wanted(certain)) return;
  std::size_t best = 0;
  for (std::size_t label = 1; label < labels; ++label)
    if (grid.at(box, first_label + label) > grid.at(box, first_label + best)) best = label;
  const float score = certain * grid.at(box, first_label + best);
  if (!candidates.wanted(score)) return;
  candidates.add({.label = best, .score = score, .box = centred_box(grid, box), .landmarks = {}});
}

void add_finished(const Grid& grid, std::size_t box, std::size_t labels, Candidates& candidates) {
  const float label = grid.at(box, 5);
  if (!(label >= 0 && label < static_cast<float>(labels))) return;
  candidates.add({.label = static_cast<std::size_t>(label),
                  .score = grid.at(box, 4),
                  .box = {grid.at(box, 0), grid.at(box, 1), grid.at(box, 2), grid.at(box, 3)},
                  .landmarks = {}});
}

}  // namespace

Result<YoloLayout> yolo_layout(const Shape& shape, std::size_t labels) {
  const auto count = static_cast<std::int64_t>(labels);
  if (shape.size() == 3 && shape[0] == 1) {
    if (shape[1] == 4 + count && shape[1] != shape[2]) return YoloLayout::classes_first;
    if (shape[2] == 5 + count && shape[2] != kFinishedColumns) return YoloLayout::objectness;
    if (shape[2] == 4 + count && shape[2] != kFinishedColumns) return YoloLayout::classes_last;
    if (shape[2] == kFinishedColumns) return YoloLayout::finished;
  }
  return fail(
      Errc::unsupported,
      fmt::format("an output of shape {} is no known YOLO layout for {} labels; known are [1, boxes, 5 + labels], "
                  "[1, 4 + labels, boxes], [1, boxes, 4 + labels] and [1, boxes, 6]. Give the model's own labels",
                  to_text(shape), labels));
}

Result<std::vector<Found>> decode_yolo(const Outputs& outputs, std::size_t labels, float least_score) {
  if (outputs.empty()) return fail(Errc::corrupt, "the model has no output");
  const Shape& shape = outputs[0].shape;
  HEARTH_TRY_ASSIGN(const YoloLayout layout, yolo_layout(shape, labels));
  HEARTH_TRY_ASSIGN(const auto values, floats_of(outputs[0], {1, -1, -1}, "the boxes"));
  const auto rows = static_cast<std::size_t>(shape[1]);
  const auto columns = static_cast<std::size_t>(shape[2]);
  const Grid grid =
      layout == YoloLayout::classes_first ? Grid{values, columns, 1, columns} : Grid{values, rows, columns, 1};
  Candidates candidates(least_score);
  for (std::size_t box = 0; box < grid.boxes; ++box) {
    if (layout == YoloLayout::finished) {
      add_finished(grid, box, labels, candidates);
    } else {
      add_box(grid, box, layout == YoloLayout::objectness ? 5 : 4, labels, candidates);
    }
  }
  return without_overlaps(candidates.take(), layout == YoloLayout::finished ? 1.0F : kMostOverlap);
}

}  // namespace hearth::onnx
