// POST /v1/ocr, as docs/engine-protocol.md has it, and POST /v1/ocr/lines: where text is, without reading it.
#pragma once

#include "reader.h"

#include <hearth/kit/engine.h>

namespace hearth::onnx {

void answer_ocr(const OcrReader& reader, Slots& slots, kit::Request& request, kit::Response& response);
void answer_ocr_lines(const OcrReader& reader, Slots& slots, kit::Request& request, kit::Response& response);

}  // namespace hearth::onnx
