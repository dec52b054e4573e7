// POST /v1/detect, as docs/engine-protocol.md has it.
#pragma once

#include "../common/serving.h"
#include "detector.h"

#include <hearth/kit/engine.h>

namespace hearth::onnx {

void answer_detect(const Detector& detector, Slots& slots, kit::Request& request, kit::Response& response);

}  // namespace hearth::onnx
