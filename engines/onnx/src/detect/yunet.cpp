#include "decoders.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hearth::onnx {
namespace {

constexpr float kMostOverlap = 0.3F;
constexpr std::array<int, 3> kStrides{8, 16, 32};

}  // namespace

std::optional<YunetPorts> find_yunet(const std::vector<Port>& outputs) {
  YunetPorts ports;
  for (std::size_t i = 0; i < kStrides.size(); ++i) {
    const int stride = kStrides.at(i);
    const auto named = [&](std::string_view kind) { return find_port(outputs, fmt::format("{}_{}", kind, stride)); };
    const auto cls = named("cls");
    const auto obj = named("obj");
    const auto bbox = named("bbox");
    const auto kps = named("kps");
    if (!cls || !obj || !bbox || !kps) return std::nullopt;
    ports.levels.at(i) = {stride, *cls, *obj, *bbox, *kps};
  }
  return ports;
}

Result<std::vector<Found>> decode_yunet(const Outputs& outputs, const YunetPorts& ports, Size input,
                                        float least_score) {
  Candidates candidates(least_score);
  for (const YunetPorts::Level& level : ports.levels) {
    if (std::max({level.cls, level.obj, level.bbox, level.kps}) >= outputs.size())
      return fail(Errc::corrupt, "the model gave fewer outputs than it says it has");
    const int columns = input.width / level.stride;
    const int rows = input.height / level.stride;
    const std::int64_t cells = std::int64_t{columns} * rows;
    HEARTH_TRY_ASSIGN(const auto cls, floats_of(outputs[level.cls], {1, cells, 1}, "the classes"));
    HEARTH_TRY_ASSIGN(const auto obj, floats_of(outputs[level.obj], {1, cells, 1}, "the objectness"));
    HEARTH_TRY_ASSIGN(const auto bbox, floats_of(outputs[level.bbox], {1, cells, 4}, "the boxes"));
    HEARTH_TRY_ASSIGN(const auto kps, floats_of(outputs[level.kps], {1, cells, 10}, "the landmarks"));
    for (std::size_t cell = 0; cell < cls.size(); ++cell) {
      const float score = std::sqrt(std::clamp(cls[cell], 0.0F, 1.0F) * std::clamp(obj[cell], 0.0F, 1.0F));
      if (!candidates.wanted(score)) continue;
      const auto stride = static_cast<float>(level.stride);
      const auto column = static_cast<float>(cell % static_cast<std::size_t>(columns));
      const std::size_t row_number = cell / static_cast<std::size_t>(columns);
      const auto row = static_cast<float>(row_number);
      const auto b = bbox.subspan(cell * 4, 4);
      const float x = (column + b[0]) * stride;
      const float y = (row + b[1]) * stride;
      const float w = std::exp(b[2]) * stride / 2;
      const float h = std::exp(b[3]) * stride / 2;
      Landmarks landmarks;
      for (std::size_t i = 0; i < landmarks.size(); ++i)
        landmarks.at(i) = {(kps[cell * 10 + i * 2] + column) * stride, (kps[cell * 10 + i * 2 + 1] + row) * stride};
      candidates.add({.label = 0, .score = score, .box = {x - w, y - h, x + w, y + h}, .landmarks = landmarks});
    }
  }
  return without_overlaps(candidates.take(), kMostOverlap);
}

}  // namespace hearth::onnx
