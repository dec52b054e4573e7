#include "src/enum_names.h"
#include "src/json_reader.h"
#include "src/json_writer.h"

#include <hearth/dialects/base64.h>
#include <hearth/dialects/speech.h>
#include <hearth/dialects/sse.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hearth::dialects {

namespace {

using json::Kind;
using json::Value;

constexpr double kMinSpeed = 0.25;
constexpr double kMaxSpeed = 4.0;

constexpr EnumNames<SpeechFormat, 6> kFormats{{{"mp3", SpeechFormat::mp3},
                                               {"opus", SpeechFormat::opus},
                                               {"aac", SpeechFormat::aac},
                                               {"flac", SpeechFormat::flac},
                                               {"wav", SpeechFormat::wav},
                                               {"pcm", SpeechFormat::pcm}}};
constexpr EnumNames<SpeechStream, 2> kStreams{{{"audio", SpeechStream::audio}, {"sse", SpeechStream::sse}}};

std::size_t code_points(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

Decoded<std::string> read_input(Value& value, const SpeechLimits& limits) {
  HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
  if (text.empty()) return std::unexpected(value.refuse(ApiCode::empty_string, "is empty; send the text to speak."));
  if (code_points(text) > limits.max_characters) {
    return std::unexpected(
        value.refuse(ApiCode::string_above_max_length,
                     fmt::format("has more than {} characters; speak it in parts.", limits.max_characters)));
  }
  return std::string(text);
}

Decoded<std::string> read_voice(Value& value) {
  if (value.kind() == Kind::string) return value.name();
  if (value.kind() != Kind::object) return std::unexpected(value.wrong_type("a string, or an object with an `id`"));
  static constexpr std::array<std::string_view, 1> kFields{"id"};
  std::string id;
  HEARTH_TRY_ASSIGN(const json::Fields fields,
                    value.each_field(kFields, [&](std::string_view, Value field) -> Decoded<void> {
                      HEARTH_TRY_ASSIGN(id, field.name());
                      return {};
                    }));
  HEARTH_TRY(fields.require("id"));
  return id;
}

}  // namespace

Decoded<SpeechRequest> decode_speech(const JsonBody& body, const SpeechLimits& limits) {
  static constexpr std::array<std::string_view, 8> kFields{"model", "input",        "voice",         "response_format",
                                                           "speed", "instructions", "stream_format", "language"};
  SpeechRequest request;
  json::Document document(body);
  const auto read = [&](std::string_view name, Value value) -> Decoded<void> {
    if (name == "model") {
      HEARTH_TRY_ASSIGN(request.model, value.name());
    } else if (name == "input") {
      HEARTH_TRY_ASSIGN(request.input, read_input(value, limits));
    } else if (name == "voice") {
      HEARTH_TRY_ASSIGN(request.voice, read_voice(value));
    } else if (name == "response_format") {
      HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
      HEARTH_TRY_ASSIGN(request.response_format, parse_enum(kFormats, text, name));
    } else if (name == "speed") {
      HEARTH_TRY_ASSIGN(request.speed, value.number(kMinSpeed, kMaxSpeed));
    } else if (name == "instructions") {
      HEARTH_TRY_ASSIGN(request.instructions, value.string());
    } else if (name == "stream_format") {
      HEARTH_TRY_ASSIGN(const std::string_view text, value.text());
      HEARTH_TRY_ASSIGN(request.stream_format, parse_enum(kStreams, text, name));
    } else {
      HEARTH_TRY_ASSIGN(request.language, value.name(64));
    }
    return {};
  };
  HEARTH_TRY_ASSIGN(const json::Fields fields, document.each_field(kFields, read));
  HEARTH_TRY(fields.require("model"));
  HEARTH_TRY(fields.require("input"));
  return request;
}

std::string_view to_string(SpeechFormat format) noexcept {
  return enum_name(kFormats, format);
}

std::string_view content_type(SpeechFormat format) noexcept {
  switch (format) {
    case SpeechFormat::mp3:
      return "audio/mpeg";
    case SpeechFormat::opus:
      return "audio/ogg";
    case SpeechFormat::aac:
      return "audio/aac";
    case SpeechFormat::flac:
      return "audio/flac";
    case SpeechFormat::wav:
      return "audio/wav";
    case SpeechFormat::pcm:
      break;
  }
  return "audio/pcm";
}

std::string encode_engine_speech(std::string_view input, std::string_view voice, double speed,
                                 std::string_view language) {
  json::Writer w;
  w.begin_object().key("input").string(input);
  if (!voice.empty()) w.key("voice").string(voice);
  w.key("speed").number(speed);
  if (!language.empty()) w.key("language").string(language);
  w.end_object();
  return w.take();
}

std::string encode_engine_phonemes(std::string_view phonemes, std::string_view voice, double speed) {
  json::Writer w;
  w.begin_object().key("phonemes").string(phonemes);
  if (!voice.empty()) w.key("voice").string(voice);
  w.key("speed").number(speed);
  w.end_object();
  return w.take();
}

std::string encode_speech_delta(std::string_view audio) {
  std::string event = R"(data: {"type":"speech.audio.delta","audio":")";
  event.reserve(event.size() + (audio.size() + 2) / 3 * 4 + 4);
  append_base64(event, audio);
  event += "\"}\n\n";
  return event;
}

std::string encode_speech_done(const TokenUsage& usage) {
  json::Writer w;
  w.begin_object().key("type").string("speech.audio.done").key("usage").begin_object();
  w.key("input_tokens").number(usage.input_tokens);
  w.key("output_tokens").number(usage.output_tokens);
  w.key("total_tokens").number(usage.input_tokens + usage.output_tokens);
  w.end_object().end_object();
  return encode_sse(w.take());
}

}  // namespace hearth::dialects
