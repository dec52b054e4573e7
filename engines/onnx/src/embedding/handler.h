// POST /v1/embeddings, as docs/engine-protocol.md has it.
#pragma once

#include "../common/serving.h"
#include "encoder.h"

#include <hearth/kit/engine.h>

#include <cl100k.h>

#include <string_view>

namespace hearth::onnx {

void answer_embeddings(const Encoder& encoder, const embed::Cl100kView& ids, std::string_view model, Slots& slots,
                       kit::Request& request, kit::Response& response);

}  // namespace hearth::onnx
