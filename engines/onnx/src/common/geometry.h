// Points and boxes in pixels. Positions are edges between pixels: a picture of width w spans 0 to w. Values only.
#pragma once

namespace hearth::onnx {

struct Point {
  float x = 0;
  float y = 0;
};

struct Box {
  float x0 = 0;
  float y0 = 0;
  float x1 = 0;
  float y1 = 0;
};

}  // namespace hearth::onnx
