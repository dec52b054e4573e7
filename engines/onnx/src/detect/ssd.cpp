#include "decoders.h"

#include <algorithm>
#include <cmath>

namespace hearth::onnx {
namespace {

constexpr float kMostOverlap = 0.6F;  // the model has joined already

std::optional<std::size_t> containing(const std::vector<Port>& ports, std::string_view part) {
  const auto at = std::ranges::find_if(ports, [&](const Port& p) { return p.name.contains(part); });
  if (at == ports.end()) return std::nullopt;
  return static_cast<std::size_t>(at - ports.begin());
}

// Numbers of whichever type, as floats.
Result<std::vector<float>> numbers_of(const Tensor& tensor, std::size_t count, std::string_view what) {
  std::vector<float> out;
  std::visit(
      [&](const auto& values) {
        out.reserve(values.size());
        for (const auto v : values) out.push_back(static_cast<float>(v));
      },
      tensor.values);
  if (out.size() != count)
    return fail(Errc::corrupt, "the model gives another count of " + std::string(what) + " than of boxes");
  return out;
}

}  // namespace

std::optional<SsdPorts> find_ssd(const std::vector<Port>& outputs) {
  const auto boxes = containing(outputs, "boxes");
  const auto scores = containing(outputs, "scores");
  auto classes = containing(outputs, "classes");
  if (!classes) classes = containing(outputs, "labels");
  if (!boxes || !scores || !classes) return std::nullopt;
  return SsdPorts{*boxes, *scores, *classes, containing(outputs, "num_detections")};
}

Result<std::vector<Found>> decode_ssd(const Outputs& outputs, const SsdPorts& ports, Size input, float least_score) {
  if (std::max({ports.boxes, ports.scores, ports.classes, ports.count.value_or(0)}) >= outputs.size())
    return fail(Errc::corrupt, "the model gave fewer outputs than it says it has");
  HEARTH_TRY_ASSIGN(const auto boxes, floats_of(outputs[ports.boxes], {1, -1, 4}, "the boxes"));
  std::size_t count = boxes.size() / 4;
  HEARTH_TRY_ASSIGN(const auto scores,
                    floats_of(outputs[ports.scores], {1, outputs[ports.boxes].shape[1]}, "the scores"));
  HEARTH_TRY_ASSIGN(const auto classes, numbers_of(outputs[ports.classes], count, "labels"));
  if (ports.count) {
    HEARTH_TRY_ASSIGN(const auto said, numbers_of(outputs[*ports.count], 1, "counts"));
    if (said[0] >= 0 && said[0] < static_cast<float>(count)) count = static_cast<std::size_t>(said[0]);
  }
  const auto width = static_cast<float>(input.width);
  const auto height = static_cast<float>(input.height);
  constexpr float kMostLabels = 100'000;
  Candidates candidates(least_score);
  for (std::size_t i = 0; i < count; ++i) {
    if (!(classes[i] >= 0 && classes[i] < kMostLabels)) continue;
    const auto box = boxes.subspan(i * 4, 4);
    candidates.add({.label = static_cast<std::size_t>(classes[i]),
                    .score = scores[i],
                    .box = {box[1] * width, box[0] * height, box[3] * width, box[2] * height},
                    .landmarks = {}});
  }
  return without_overlaps(candidates.take(), kMostOverlap);
}

}  // namespace hearth::onnx
