// A piece of text cut out of a frame and laid straight. Pure.
#pragma once

#include "../common/pixels.h"
#include "quad.h"

#include <cstdint>
#include <vector>

namespace hearth::onnx {

struct Crop {
  std::vector<std::uint8_t> rgb;
  Size size;
  [[nodiscard]] PictureView view() const { return {rgb, size.width, size.height, 3}; }
};

// As high as asked, as wide as the text is in proportion, at most `most_width`; what lies outside the frame repeats its
// edge. Scaled by at most what the frame has to give: a smaller text is enlarged smoothly.
Crop cut_out(const PictureView& frame, const Quad& quad, int height, int most_width);

}  // namespace hearth::onnx
