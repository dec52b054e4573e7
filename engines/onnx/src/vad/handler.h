// POST /v1/audio/vad: where there is speech in a recording. docs/engine-protocol.md.
#pragma once

#include "../common/serving.h"
#include "silero.h"

#include <hearth/kit/engine.h>

namespace hearth::onnx {

void answer_vad(const Silero& silero, Slots& slots, kit::Request& request, kit::Response& response);

}  // namespace hearth::onnx
