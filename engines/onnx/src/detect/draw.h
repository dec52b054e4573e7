// The frame with what was found drawn into it, as a PNG. Pure.
#pragma once

#include "found.h"
#include "labels.h"

#include <hearth/core/error.h>

#include <span>
#include <string>

namespace hearth::onnx {

// The PNG's bytes: frames wider or higher than 2048 pixels are scaled down, each label has a colour of its own, and
// landmarks are dots. Only the boxes are drawn: the answer beside the picture names them, strongest first. internal.
Result<std::string> annotated_png(const PictureView& frame, std::span<const Found> found);
// RGB, 8 bits a channel, rows without padding. internal.
Result<std::string> encode_png(std::span<const std::uint8_t> rgb, Size size);

}  // namespace hearth::onnx
