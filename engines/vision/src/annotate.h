// The frame with what was found drawn into it, as a PNG.
//
// The PNG is written with libpng itself: OpenCV's image codecs link over a hundred libraries with decoders for every
// format there is, and this engine decodes none.
#pragma once

#include "detection.h"

#include <hearth/core/error.h>
#include <hearth/kit/frames.h>

#include <span>
#include <string>

namespace hearth::vision {

// The PNG's bytes; frames wider or higher than 2048 pixels are scaled down. internal when memory runs out.
Result<std::string> annotated_png(const kit::Frame& frame, std::span<const Detection> detections);
// RGB, 8 bits a channel, rows without padding.
Result<std::string> encode_png(std::string_view rgb, int width, int height);

}  // namespace hearth::vision
