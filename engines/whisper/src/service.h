// What the engine answers: POST /v1/audio/transcriptions, in the language that is spoken or, with task=translate, in
// English.
#pragma once

#include "pool.h"

#include <hearth/kit/engine.h>

namespace hearth::whisper {

struct Service {
  Pool& pool;
  ModelFacts model;
  int threads = 1;  // for all requests together
};

// Registers the routes. `service` must outlive the engine.
void serve(kit::Engine& engine, Service& service);

// The handler, for tests.
void answer_transcription(Service& service, kit::Request& request, kit::Response& response);

}  // namespace hearth::whisper
