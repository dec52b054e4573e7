#include "service.h"

#include <hearth/core/utf8.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <optional>

namespace hearth::speech {
namespace {

namespace json = boost::json;

static_assert(std::endian::native == std::endian::little, "samples are sent as they lie in memory");

constexpr std::size_t kMaxBody = 2 << 20;
constexpr std::size_t kMaxCharacters = 100'000;
constexpr int kAudiblePeak = 1000;  // of 32767; silence and a broken voice stay far below

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// A string field; empty if it is absent or null.
std::expected<std::string, BadRequest> text_field(const json::object& body, std::string_view name) {
  const json::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string())
    return std::unexpected(BadRequest{std::string(name), fmt::format("{} must be a string", name)});
  return std::string(value->as_string());
}

// OpenAI takes {"id": "…"} for a voice too.
std::expected<std::string, BadRequest> voice_field(const json::object& body) {
  const json::value* value = body.if_contains("voice");
  if (value != nullptr && value->is_object()) {
    const json::value* id = value->as_object().if_contains("id");
    if (id != nullptr && id->is_string()) return std::string(id->as_string());
    return std::unexpected(BadRequest{"voice", "voice must be a string, or an object with an id"});
  }
  return text_field(body, "voice");
}

struct Prepared {
  Speaker speaker;
  Plan plan;
  double speed;
};

// Everything that can be wrong is found before the first byte is sent. nullopt: the error was answered.
std::optional<Prepared> prepare(Synthesizer& synthesizer, kit::Request& request, kit::Response& response) {
  const auto body = request.read_all(kMaxBody);
  if (!body) {
    response.error(body.error());
    return std::nullopt;
  }
  const auto bad = [&](std::string_view message, std::string_view param) {
    response.error(400, "invalid_value", message, param);
    return std::nullopt;
  };
  const auto parsed = parse_speech_request(*body);
  if (!parsed) return bad(parsed.error().message, parsed.error().param);
  auto speaker = synthesizer.voices().speaker(parsed->voice);
  if (!speaker) return bad(speaker.error().message(), "voice");
  std::string language;
  if (!parsed->language.empty()) {
    auto known = synthesizer.voices().language(parsed->language);
    if (!known) return bad(known.error().message(), "language");
    language = std::move(*known);
    // A voice that was tuned for British English keeps it where only "en" is asked for.
    if (language == "en-us" && parsed->language.size() == 2 && speaker->language.starts_with("en"))
      language = speaker->language;
  }
  auto plan = plan_speech(synthesizer.voices(), *speaker, language, parsed->input);
  if (!plan) return bad(plan.error().message(), "input");
  return Prepared{std::move(*speaker), std::move(*plan), parsed->speed};
}

std::string_view bytes_of(std::span<const std::int16_t> samples) {
  return {reinterpret_cast<const char*>(samples.data()), samples.size_bytes()};
}

}  // namespace

std::expected<SpeechRequest, BadRequest> parse_speech_request(std::string_view body) {
  const auto bad = [](std::string_view param, std::string message) {
    return std::unexpected(BadRequest{std::string(param), std::move(message)});
  };
  if (!is_utf8(body)) return bad("", "the body is not UTF-8");
  boost::system::error_code ec;
  const json::value value = json::parse(body, ec);
  if (ec) return bad("", fmt::format("the body is not JSON: {}", ec.message()));
  if (!value.is_object()) return bad("", "the body must be a JSON object");
  const json::object& object = value.as_object();

  SpeechRequest request;
  auto input = text_field(object, "input");
  if (!input) return std::unexpected(input.error());
  request.input = std::move(*input);
  if (request.input.empty()) return bad("input", "input is missing: give the text to be spoken");
  if (!is_utf8(request.input)) return bad("input", "input is not valid Unicode");
  if (request.input.find('\0') != std::string::npos) return bad("input", "input must not contain NUL characters");
  if (count_characters(request.input) > kMaxCharacters)
    return bad("input", fmt::format("input is longer than {} characters; send it in parts", kMaxCharacters));

  auto voice = voice_field(object);
  if (!voice) return std::unexpected(voice.error());
  request.voice = std::move(*voice);
  auto language = text_field(object, "language");
  if (!language) return std::unexpected(language.error());
  request.language = std::move(*language);

  if (const json::value* speed = object.if_contains("speed"); speed != nullptr && !speed->is_null()) {
    request.speed = speed->is_number() ? speed->to_number<double>(ec) : 0.0;
    if (ec || !(request.speed >= 0.25 && request.speed <= 4.0))
      return bad("speed", "speed must be a number from 0.25 to 4.0");
  }
  return request;
}

void answer_speech(Synthesizer& synthesizer, kit::Request& request, kit::Response& response) {
  const auto prepared = prepare(synthesizer, request, response);
  if (!prepared) return;
  const std::string type = fmt::format("audio/pcm;rate={}", synthesizer.sample_rate());
  const auto spoken =
      synthesizer.speak(prepared->plan, prepared->speaker, prepared->speed, [&](std::span<const std::int16_t> samples) {
        if (request.abandoned()) return Flow::stop;
        if (!response.started()) response.start(200, type);
        return response.write(bytes_of(samples)) ? Flow::go_on : Flow::stop;
      });
  if (!spoken && response.started()) return response.abort();
  if (!spoken && !spoken.error().is(Errc::cancelled)) return response.error(spoken.error());
  if (!response.started()) response.error(400, "invalid_value", "no voice has a sound for this text", "input");
}

void answer_check(Synthesizer& synthesizer, kit::Request& request, kit::Response& response) {
  const auto prepared = prepare(synthesizer, request, response);
  if (!prepared) return;
  std::size_t samples = 0;
  int peak = 0;
  const auto spoken =
      synthesizer.speak(prepared->plan, prepared->speaker, prepared->speed, [&](std::span<const std::int16_t> made) {
        samples += made.size();
        for (const std::int16_t s : made) peak = std::max(peak, std::abs(int{s}));
        return request.abandoned() ? Flow::stop : Flow::go_on;
      });
  if (!spoken) return response.error(spoken.error());
  response.json(200, {{"audible", peak >= kAudiblePeak},
                      {"seconds", static_cast<double>(samples) / synthesizer.sample_rate()},
                      {"peak", peak / 32767.0},
                      {"language", prepared->plan.language}});
}

void answer_phonemes(Synthesizer& synthesizer, kit::Request& request, kit::Response& response) {
  const auto prepared = prepare(synthesizer, request, response);
  if (!prepared) return;
  const auto phonemes = synthesizer.phonemes(prepared->plan);
  if (!phonemes) return response.error(phonemes.error());
  if (phonemes->empty()) return response.error(400, "invalid_value", "no voice has a sound for this text", "input");
  response.bytes(200, "text/plain; charset=utf-8", *phonemes);
}

void answer_voices(const Synthesizer& synthesizer, kit::Request& /*request*/, kit::Response& response) {
  json::array data;
  for (const ListedVoice& v : synthesizer.voices().list())
    data.push_back({{"id", v.id}, {"name", v.name}, {"language", v.language}, {"gender", to_string(v.gender)}});
  response.json(200, {{"object", "list"}, {"data", std::move(data)}});
}

void serve_speech(kit::Engine& engine, Synthesizer& synthesizer) {
  engine.model("espeak-ng", "speech");
  engine.model("espeak-ng", "phonemes");
  engine.route("POST", "/v1/audio/speech",
               [&](kit::Request& q, kit::Response& a) { answer_speech(synthesizer, q, a); });
  engine.route("POST", "/v1/audio/speech/check",
               [&](kit::Request& q, kit::Response& a) { answer_check(synthesizer, q, a); });
  engine.route("POST", "/v1/phonemes", [&](kit::Request& q, kit::Response& a) { answer_phonemes(synthesizer, q, a); });
  engine.route("GET", "/v1/voices", [&](kit::Request& q, kit::Response& a) { answer_voices(synthesizer, q, a); });
}

}  // namespace hearth::speech
