#include "decoders.h"

#include <cmath>

namespace hearth::onnx {
namespace {

constexpr float kMostOverlap = 0.3F;
constexpr float kCentreVariance = 0.1F;
constexpr float kSizeVariance = 0.2F;

struct Level {
  int stride;
  std::array<float, 3> sides;  // 0: none
};
constexpr std::array<Level, 4> kLevels{
    {{8, {10, 16, 24}}, {16, {32, 48, 0}}, {32, {64, 96, 0}}, {64, {128, 192, 256}}}};

Box from_prior(const Prior& prior, std::span<const float> offsets) {
  const float x = prior.x + offsets[0] * kCentreVariance * prior.width;
  const float y = prior.y + offsets[1] * kCentreVariance * prior.height;
  const float w = prior.width * std::exp(offsets[2] * kSizeVariance) / 2;
  const float h = prior.height * std::exp(offsets[3] * kSizeVariance) / 2;
  return {x - w, y - h, x + w, y + h};
}

}  // namespace

std::vector<Prior> rfb_priors(Size input) {
  std::vector<Prior> priors;
  const auto width = static_cast<float>(input.width);
  const auto height = static_cast<float>(input.height);
  for (const Level& level : kLevels) {
    const int columns = (input.width + level.stride - 1) / level.stride;
    const int rows = (input.height + level.stride - 1) / level.stride;
    for (int row = 0; row < rows; ++row)
      for (int column = 0; column < columns; ++column)
        for (const float side : level.sides)
          if (side > 0)
            priors.push_back({(static_cast<float>(column) + 0.5F) / static_cast<float>(columns),
                              (static_cast<float>(row) + 0.5F) / static_cast<float>(rows), side / width,
                              side / height});
  }
  return priors;
}

Result<std::vector<Found>> decode_rfb(const Tensor& scores, const Tensor& boxes, RfbBoxes kind, Size input,
                                      float least_score) {
  HEARTH_TRY_ASSIGN(const auto score, floats_of(scores, {1, -1, 2}, "the scores"));
  const std::size_t count = score.size() / 2;
  HEARTH_TRY_ASSIGN(const auto box, floats_of(boxes, {1, static_cast<std::int64_t>(count), 4}, "the boxes"));
  std::vector<Prior> priors;
  if (kind == RfbBoxes::offsets) {
    priors = rfb_priors(input);
    if (priors.size() != count)
      return fail(Errc::corrupt,
                  "the model's boxes are not as many as its family's prior boxes; it is of another family");
  }
  Candidates candidates(least_score);
  for (std::size_t i = 0; i < count; ++i) {
    if (!candidates.wanted(score[i * 2 + 1])) continue;
    const auto raw = box.subspan(i * 4, 4);
    Box b = kind == RfbBoxes::offsets ? from_prior(priors[i], raw) : Box{raw[0], raw[1], raw[2], raw[3]};
    const auto width = static_cast<float>(input.width);
    const auto height = static_cast<float>(input.height);
    b = {b.x0 * width, b.y0 * height, b.x1 * width, b.y1 * height};
    candidates.add({.label = 0, .score = score[i * 2 + 1], .box = b, .landmarks = {}});
  }
  return without_overlaps(candidates.take(), kMostOverlap);
}

}  // namespace hearth::onnx
