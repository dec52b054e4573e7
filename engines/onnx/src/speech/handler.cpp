#include "handler.h"

#include <hearth/core/utf8.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace hearth::onnx {
namespace {

namespace json = boost::json;

static_assert(std::endian::native == std::endian::little, "samples are sent as they lie in memory");

constexpr std::size_t kMostBody = 2U << 20U;

std::string_view bytes_of(const std::vector<std::int16_t>& samples) {
  return {reinterpret_cast<const char*>(samples.data()), samples.size() * sizeof(std::int16_t)};
}

}  // namespace

std::expected<PhonemeRequest, BadField> parse_phoneme_request(std::string_view body) {
  const auto bad = [](std::string param, std::string message) {
    return std::unexpected(BadField{std::move(param), std::move(message)});
  };
  boost::system::error_code ec;
  const json::value value = is_utf8(body) ? json::parse(body, ec) : json::value();
  if (ec || !value.is_object()) return bad("", "the body must be a JSON object in UTF-8");
  const json::object& object = value.get_object();
  PhonemeRequest request;
  const auto text = [&](std::string_view name, std::string& into) {
    const json::value* field = object.if_contains(name);
    if (field == nullptr || field->is_null()) return true;
    if (field->is_string()) into = std::string(field->get_string());
    return field->is_string();
  };
  if (!text("phonemes", request.phonemes)) return bad("phonemes", "phonemes must be a string");
  if (!text("voice", request.voice)) return bad("voice", "voice must be a string");
  if (request.phonemes.empty())
    return bad("phonemes",
               object.contains("input")
                   ? "this voice speaks phonemes, not text: have espeak-ng's engine turn `input` into `phonemes`"
                   : "phonemes is missing: give what to say in the International Phonetic Alphabet");
  if (const json::value* speed = object.if_contains("speed"); speed != nullptr && !speed->is_null()) {
    request.speed = speed->is_number() ? speed->to_number<double>(ec) : 0.0;
    if (ec || !(request.speed >= 0.25 && request.speed <= 4))
      return bad("speed", "speed must be a number from 0.25 to 4");
  }
  return request;
}

void answer_speech(const Voice& voice, Slots& slots, kit::Request& request, kit::Response& response) {
  const auto body = request.read_all(kMostBody);
  if (!body) return response.error(body.error());
  const auto asked = parse_phoneme_request(*body);
  if (!asked) return response.error(400, "invalid_value", asked.error().message, asked.error().param);
  const auto voices = voice.list();
  if (!asked->voice.empty() && std::ranges::find(voices, asked->voice, &ListedVoice::id) == voices.end())
    return response.error(400, "invalid_value", "there is no such voice in this model; GET /v1/voices lists them",
                          "voice");
  const auto pieces = spoken_pieces(decomposed(asked->phonemes), voice.most_phonemes());
  if (pieces.empty()) return response.error(400, "invalid_value", "phonemes has nothing that can be said", "phonemes");

  const Interrupt interrupt = interrupt_of(request);
  const auto lease = slots.take(interrupt);
  if (!lease) return response.error(lease.error());
  // One sentence at a time: memory follows the longest sentence, and the first is heard while the next is made.
  for (const std::u32string& piece : pieces) {
    const auto wanted = interrupt();
    if (!wanted) return response.started() ? response.abort() : response.error(wanted.error());
    const auto sound = voice.speak(piece, asked->voice, asked->speed);
    if (!sound) return response.started() ? response.abort() : refuse_run(sound.error(), response);
    const auto samples = to_samples(*sound);
    if (!response.started()) response.start(200, fmt::format("audio/pcm;rate={}", voice.sample_rate()));
    if (!samples.empty() && !response.write(bytes_of(samples))) return;
  }
}

void answer_voices(const Voice& voice, kit::Response& response) {
  json::array data;
  for (const ListedVoice& v : voice.list())
    data.push_back({{"id", v.id}, {"name", v.id}, {"language", v.language}, {"gender", ""}});
  response.json(200, {{"object", "list"}, {"data", std::move(data)}});
}

}  // namespace hearth::onnx
