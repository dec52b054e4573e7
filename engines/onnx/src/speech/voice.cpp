#include "voice.h"

#include <algorithm>
#include <cmath>

namespace hearth::onnx {

std::vector<std::int16_t> to_samples(std::span<const float> sound) {
  std::vector<std::int16_t> out;
  out.reserve(sound.size());
  for (const float v : sound)
    out.push_back(std::isnan(v) ? std::int16_t{0}
                                : static_cast<std::int16_t>(std::lround(std::clamp(v, -1.0F, 1.0F) * 32767)));
  return out;
}

}  // namespace hearth::onnx
