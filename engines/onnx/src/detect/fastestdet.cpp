#include "decoders.h"

#include <algorithm>
#include <cmath>

namespace hearth::onnx {
namespace {

constexpr float kMostOverlap = 0.45F;

float sigmoid(float v) {
  return 1 / (1 + std::exp(-v));
}

}  // namespace

Result<std::vector<Found>> decode_fastestdet(const Outputs& outputs, Size input, float least_score) {
  if (outputs.size() != 1 || outputs[0].shape.size() != 4 || outputs[0].shape[1] < 6)
    return fail(Errc::corrupt,
                "FastestDet gives one map of 5 values and the labels for each cell; this model does not");
  HEARTH_TRY_ASSIGN(const auto map, floats_of(outputs[0], {1, -1, -1, -1}, "the map of cells"));
  const auto labels = static_cast<std::size_t>(outputs[0].shape[1]) - 5;
  const auto rows = static_cast<std::size_t>(outputs[0].shape[2]);
  const auto columns = static_cast<std::size_t>(outputs[0].shape[3]);
  const std::size_t cells = rows * columns;
  Candidates candidates(least_score);
  for (std::size_t cell = 0; cell < cells; ++cell) {
    const auto value = [&](std::size_t channel) { return map[channel * cells + cell]; };
    std::size_t best = 0;
    for (std::size_t label = 1; label < labels; ++label)
      if (value(5 + label) > value(5 + best)) best = label;
    const float score = std::pow(std::max(value(0), 0.0F), 0.6F) * std::pow(std::max(value(5 + best), 0.0F), 0.4F);
    if (!candidates.wanted(score)) continue;
    const float x = (static_cast<float>(cell % columns) + std::tanh(value(1))) / static_cast<float>(columns);
    const std::size_t row = cell / columns;
    const float y = (static_cast<float>(row) + std::tanh(value(2))) / static_cast<float>(rows);
    const float width = sigmoid(value(3));
    const float height = sigmoid(value(4));
    const auto w = static_cast<float>(input.width);
    const auto h = static_cast<float>(input.height);
    candidates.add({.label = best,
                    .score = score,
                    .box = {(x - width / 2) * w, (y - height / 2) * h, (x + width / 2) * w, (y + height / 2) * h},
                    .landmarks = {}});
  }
  return without_overlaps(candidates.take(), kMostOverlap);
}

}  // namespace hearth::onnx
