// What the speech engine answers: POST /v1/audio/speech, POST /v1/audio/speech/check, POST /v1/phonemes,
// GET /v1/voices.
#pragma once

#include "synthesizer.h"

#include <hearth/kit/engine.h>

#include <string>
#include <string_view>

namespace hearth::speech {

struct SpeechRequest {
  std::string input;
  std::string voice;
  std::string language;
  double speed = 1.0;
};

// A request that cannot be served: which field is at fault and why. Always 400 for the client.
struct BadRequest {
  std::string param;  // empty: the body as a whole
  std::string message;
};

// Reads the JSON body. Pure; any thread. Unknown fields are ignored, null counts as absent.
std::expected<SpeechRequest, BadRequest> parse_speech_request(std::string_view body);

// Registers the routes. `synthesizer` must outlive the engine.
void serve_speech(kit::Engine& engine, Synthesizer& synthesizer);

// The handlers, for tests.
void answer_speech(Synthesizer& synthesizer, kit::Request& request, kit::Response& response);
void answer_check(Synthesizer& synthesizer, kit::Request& request, kit::Response& response);
void answer_phonemes(Synthesizer& synthesizer, kit::Request& request, kit::Response& response);
void answer_voices(const Synthesizer& synthesizer, kit::Request& request, kit::Response& response);

}  // namespace hearth::speech
