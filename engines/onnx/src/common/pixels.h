// Pixels to a model's input: scaling with a filter that does not alias, letterboxes, normalisation. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace hearth::onnx {

// A picture that someone else owns: rows top to bottom, RGB or gray, 8 bits a channel, no padding.
struct PictureView {
  std::span<const std::uint8_t> bytes;
  int width = 0;
  int height = 0;
  int channels = 3;  // 1 or 3
};

struct Size {
  int width = 0;
  int height = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

// How a frame is laid onto a model's input of fixed size.
enum class Fit {
  stretch,   // both sides to the input's, whatever that does to the proportions
  centred,   // proportions kept, the rest filled on both sides
  top_left,  // proportions kept, the rest filled at the right or the bottom
};

// value = (pixel − mean) × scale, channel by channel in the model's order; empty space counts as a pixel of `fill`.
struct Normalisation {
  bool bgr = false;
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> scale{1, 1, 1};
  float fill = 0;
};

// Where the frame came to lie: input = frame × scale + offset, in pixels.
struct Placement {
  double scale_x = 1;
  double scale_y = 1;
  double offset_x = 0;
  double offset_y = 0;
};
Placement place(Size frame, Size input, Fit fit);

// Three channels scaled to `to`, as numbers 0 to 255, interleaved RGB. A triangle filter as wide as the step between
// output pixels: bilinear when enlarging, an average when shrinking. Needs memory for the output and a few rows.
std::vector<float> resized(const PictureView& picture, Size to);

// The frame as planes (channel, row, column) of the model's input, normalised.
std::vector<float> to_planes(const PictureView& frame, Size input, Fit fit, const Normalisation& how);
// The same as rows of interleaved bytes, for models that take pixels as they are.
std::vector<std::uint8_t> to_bytes(const PictureView& frame, Size input, Fit fit);

}  // namespace hearth::onnx
