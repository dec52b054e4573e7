#include "handler.h"

#include <hearth/core/utf8.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <optional>

namespace hearth::onnx {
namespace {

namespace json = boost::json;

static_assert(std::endian::native == std::endian::little, "samples are sent as they lie in memory");

constexpr std::size_t kMostBody = 2U << 20U;
constexpr int kAudiblePeak = 1000;  // of 32767; silence and a broken voice stay far below

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

namespace {

struct Wish {
  std::vector<std::u32string> pieces;
  std::string voice;
  double speed = 1;
};

// nullopt: what is wrong has been answered.
std::optional<Wish> read_wish(const Voice& voice, kit::Request& request, kit::Response& response) {
  const auto refuse = [&](std::string_view message, std::string_view param) {
    response.error(400, "invalid_value", message, param);
    return std::nullopt;
  };
  const auto body = request.read_all(kMostBody);
  if (!body) {
    response.error(body.error());
    return std::nullopt;
  }
  const auto asked = parse_phoneme_request(*body);
  if (!asked) return refuse(asked.error().message, asked.error().param);
  const auto voices = voice.list();
  const ListedVoice* meant = voice_meant(voices, asked->voice);
  if (meant == nullptr) return refuse("there is no such voice in this model; GET /v1/voices lists them", "voice");
  Wish wish{spoken_pieces(decomposed(asked->phonemes), voice.most_phonemes()), meant->id, asked->speed};
  if (wish.pieces.empty()) return refuse("phonemes has nothing that can be said", "phonemes");
  return wish;
}

// One sentence at a time: memory follows the longest sentence, and the first is heard while the next is made. `take`
// gets the samples; false: nobody wants more.
template <typename Take>
void speak(const Voice& voice, Slots& slots, const Wish& wish, kit::Request& request, kit::Response& response,
           const Take& take) {
  const Interrupt interrupt = interrupt_of(request);
  const auto lease = slots.take(interrupt);
  if (!lease) return response.error(lease.error());
  for (const std::u32string& piece : wish.pieces) {
    const auto wanted = interrupt();
    if (!wanted) return response.started() ? response.abort() : response.error(wanted.error());
    const auto sound = voice.speak(piece, wish.voice, wish.speed);
    if (!sound) return response.started() ? response.abort() : refuse_run(sound.error(), response);
    if (!take(to_samples(*sound))) return;
  }
}

}  // namespace

void answer_speech(const Voice& voice, Slots& slots, kit::Request& request, kit::Response& response) {
  const auto wish = read_wish(voice, request, response);
  if (!wish) return;
  speak(voice, slots, *wish, request, response, [&](const std::vector<std::int16_t>& samples) {
    if (!response.started()) response.start(200, fmt::format("audio/pcm;rate={}", voice.sample_rate()));
    return samples.empty() || response.write(bytes_of(samples)).has_value();
  });
}

void answer_speech_check(const Voice& voice, Slots& slots, kit::Request& request, kit::Response& response) {
  const auto wish = read_wish(voice, request, response);
  if (!wish) return;
  std::size_t count = 0;
  std::size_t pieces = 0;
  int peak = 0;
  speak(voice, slots, *wish, request, response, [&](const std::vector<std::int16_t>& samples) {
    ++pieces;
    count += samples.size();
    for (const std::int16_t s : samples) peak = std::max(peak, std::abs(int{s}));
    return true;
  });
  if (pieces < wish->pieces.size()) return;  // the error was answered
  response.json(200, {{"audible", peak >= kAudiblePeak},
                      {"seconds", static_cast<double>(count) / voice.sample_rate()},
                      {"peak", peak / 32767.0}});
}

void answer_voices(const Voice& voice, kit::Response& response) {
  json::array data;
  for (const ListedVoice& v : voice.list())
    data.push_back({{"id", v.id}, {"name", v.id}, {"language", v.language}, {"gender", ""}});
  response.json(200, {{"object", "list"}, {"data", std::move(data)}});
}

}  // namespace hearth::onnx
