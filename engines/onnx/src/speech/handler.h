// POST /v1/audio/speech and …/check with phonemes, and GET /v1/voices. docs/engine-protocol.md.
#pragma once

#include "voice.h"

#include <hearth/kit/engine.h>

namespace hearth::onnx {

struct PhonemeRequest {
  std::string phonemes;  // IPA, UTF-8, as espeak-ng writes it
  std::string voice;
  double speed = 1;
};
// What is wrong with a body, and with which of its fields ("" for the body).
struct BadField {
  std::string param;
  std::string message;
};
std::expected<PhonemeRequest, BadField> parse_phoneme_request(std::string_view body);

void answer_speech(const Voice& voice, Slots& slots, kit::Request& request, kit::Response& response);
// {"audible","seconds","peak"} of the same body, for the canary.
void answer_speech_check(const Voice& voice, Slots& slots, kit::Request& request, kit::Response& response);
void answer_voices(const Voice& voice, kit::Response& response);

}  // namespace hearth::onnx
