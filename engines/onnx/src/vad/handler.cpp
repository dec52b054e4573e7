#include "handler.h"

#include "segments.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>

namespace hearth::onnx {
namespace {

namespace json = boost::json;

static_assert(std::endian::native == std::endian::little, "samples are read as they lie in memory");

constexpr std::size_t kMostSamples = kVadRate * 3600 * 12;
constexpr std::size_t kPiece = 16'384;  // samples

Result<SpeechRules> rules_of(const kit::Request& request) {
  SpeechRules rules;
  HEARTH_TRY_ASSIGN(rules.threshold, request.number("threshold", rules.threshold, 0.01, 0.99));
  HEARTH_TRY_ASSIGN(rules.min_speech, request.number("min_speech", rules.min_speech, 0, 60));
  HEARTH_TRY_ASSIGN(rules.min_silence, request.number("min_silence", rules.min_silence, 0, 60));
  HEARTH_TRY_ASSIGN(rules.padding, request.number("padding", rules.padding, 0, 10));
  HEARTH_TRY_ASSIGN(rules.max_speech, request.number("max_speech", rules.max_speech, 1, 1e9));
  return rules;
}

double seconds(std::size_t samples) {
  return std::round(static_cast<double>(samples) / kVadRate * 1000) / 1000;
}

// Reads the body to its end; how many samples there were.
Result<std::size_t> listen(Silero::Stream& stream, kit::Request& request, const Interrupt& interrupt,
                           std::vector<float>& probabilities) {
  std::vector<std::int16_t> piece(kPiece);
  std::size_t samples = 0;
  std::size_t odd = 0;  // bytes of a sample that came without its other one
  for (;;) {
    HEARTH_TRY(interrupt());
    std::span<char> into(reinterpret_cast<char*>(piece.data()) + odd, piece.size() * 2 - odd);
    HEARTH_TRY_ASSIGN(const std::size_t got, request.read(into));
    if (got == 0) break;
    const std::size_t bytes = odd + got;
    const std::size_t whole = bytes / 2;
    samples += whole;
    if (samples > kMostSamples) return fail(Errc::too_large, "the recording is longer than 12 hours; send it in parts");
    HEARTH_TRY(stream.push(std::span(piece).first(whole), probabilities));
    odd = bytes % 2;
    if (odd != 0) std::memmove(piece.data(), reinterpret_cast<char*>(piece.data()) + bytes - 1, 1);
  }
  if (odd != 0) return fail(Errc::protocol_error, "the body ends within a sample; send s16le mono at 16 kHz");
  HEARTH_TRY(stream.finish(probabilities));
  return samples;
}

}  // namespace

void answer_vad(const Silero& silero, Slots& slots, kit::Request& request, kit::Response& response) {
  const auto rules = rules_of(request);
  if (!rules) return response.error(400, "invalid_value", rules.error().message());
  const auto lease = slots.take(interrupt_of(request));
  if (!lease) return response.error(lease.error());
  Silero::Stream stream(silero);
  std::vector<float> probabilities;
  const auto samples = listen(stream, request, interrupt_of(request), probabilities);
  if (!samples) {
    const Error& e = samples.error();
    if (e.is(Errc::too_large)) return response.error(413, "audio_too_long", e.message());
    if (e.is(Errc::protocol_error)) return response.error(400, "invalid_audio", e.message());
    return refuse_run(e, response);
  }
  json::array speech;
  for (const SpeechSegment& s : speech_segments(probabilities, kVadWindow, kVadRate, *samples, *rules))
    speech.push_back(
        {{"start", seconds(s.start)}, {"end", seconds(s.end)}, {"probability", std::round(s.probability * 1e4) / 1e4}});
  response.json(200, {{"duration", seconds(*samples)}, {"speech", std::move(speech)}});
}

}  // namespace hearth::onnx
