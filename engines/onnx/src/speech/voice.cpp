#include "voice.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace hearth::onnx {

const ListedVoice* voice_meant(const std::vector<ListedVoice>& voices, std::string_view asked) {
  if (asked.empty()) return voices.data();
  const auto own = std::ranges::find(voices, asked, &ListedVoice::id);
  if (own != voices.end()) return &*own;
  constexpr std::array<std::string_view, 13> kUsual{"alloy", "ash",  "ballad",  "coral", "echo",  "fable", "nova",
                                                    "onyx",  "sage", "shimmer", "verse", "marin", "cedar"};
  const auto* const usual = std::ranges::find(kUsual, asked);
  if (usual == kUsual.end()) return nullptr;
  return &voices[static_cast<std::size_t>(usual - kUsual.begin()) % voices.size()];
}

std::vector<std::int16_t> to_samples(std::span<const float> sound) {
  std::vector<std::int16_t> out;
  out.reserve(sound.size());
  for (const float v : sound)
    out.push_back(std::isnan(v) ? std::int16_t{0}
                                : static_cast<std::int16_t>(std::lround(std::clamp(v, -1.0F, 1.0F) * 32767)));
  return out;
}

}  // namespace hearth::onnx
