// From the map of a "differentiable binarisation" detector (PP-OCR's) to the rectangles around pieces of text. Pure.
#pragma once

#include "../common/pixels.h"
#include "quad.h"

#include <hearth/core/error.h>

#include <span>
#include <vector>

namespace hearth::onnx {

struct DbRules {
  float threshold = 0.3F;      // a pixel is text above this probability
  float box_threshold = 0.5F;  // a box stays when its pixels have this on average
  float unclip = 1.6F;         // the map shows text shrunk: a box grows by area · this / perimeter
  std::size_t most = 1000;     // boxes; the largest stay
  float least_side = 3;        // pixels of the map, before growing
};

struct TextBox {
  Quad quad;  // pixels of the map
  float score = 0;
};

// invalid_argument if the map is not of that size. In rising order of their top, then left.
Result<std::vector<TextBox>> text_boxes(std::span<const float> map, Size size, const DbRules& rules);

// The size a frame is brought to for such a detector: its shorter side at least 736, its longer one at most 2000, both
// multiples of 32 and at least 32.
Size detection_size(Size frame);

}  // namespace hearth::onnx
