// What the transcription engine answers: POST /v1/audio/transcriptions.
#pragma once

#include "decoder.h"

#include <hearth/kit/engine.h>

namespace hearth::transcribe {

// Registers the route. `pool` must outlive the engine.
void serve_transcription(kit::Engine& engine, DecoderPool& pool);

// The handler, for tests.
void answer_transcription(DecoderPool& pool, kit::Request& request, kit::Response& response);

}  // namespace hearth::transcribe
