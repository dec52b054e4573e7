// POST /v1/audio/speech: OpenAI's request; the answer is audio, or server-sent events that carry it.
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/json_body.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::dialects {

enum class SpeechFormat { mp3, opus, aac, flac, wav, pcm };
enum class SpeechStream { audio, sse };

struct SpeechLimits {
  std::size_t max_characters = 4096;  // code points of `input`, as OpenAI counts
};

struct SpeechRequest {
  std::string model;
  std::string input;  // 1 to max_characters code points
  std::string voice;  // a name; the object form {"id": …} gives its id. Empty: the model's own
  SpeechFormat response_format = SpeechFormat::mp3;
  double speed = 1.0;  // 0.25 to 4
  std::string instructions;
  SpeechStream stream_format = SpeechStream::audio;
  std::string language;  // ours: a language tag such as "de" or "zh-CN"; empty: the voice's own
};

Decoded<SpeechRequest> decode_speech(const JsonBody& body, const SpeechLimits& limits = {});

// "mp3", … as in requests and as the media engine names it.
std::string_view to_string(SpeechFormat format) noexcept;
// "audio/mpeg", "audio/ogg", "audio/aac", "audio/flac", "audio/wav", "audio/pcm"
std::string_view content_type(SpeechFormat format) noexcept;

// The engine's request: {"input","voice","speed","language"} (docs/engine-protocol.md); empty voice and language are
// left out.
std::string encode_engine_speech(std::string_view input, std::string_view voice, double speed,
                                 std::string_view language);

// The same for a voice that takes phonemes: {"phonemes","voice","speed"}.
std::string encode_engine_phonemes(std::string_view phonemes, std::string_view voice, double speed);

struct TokenUsage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

// Whole events, "data: …\n\n". `audio`: raw bytes, encoded to base64 here.
std::string encode_speech_delta(std::string_view audio);
std::string encode_speech_done(const TokenUsage& usage);

}  // namespace hearth::dialects
