#include "src/json_reader.h"

#include <hearth/dialects/transcription.h>

#include <array>

namespace hearth::dialects {

namespace {

using json::Value;

constexpr std::size_t kMaxWords = 10000;  // of one segment
constexpr std::size_t kMaxTokens = 10000;
constexpr double kMaxSeconds = 1e9;
constexpr std::string_view kWhat = "the transcription engine's event";

Decoded<TranscriptWord> read_word(Value& value) {
  static constexpr std::array<std::string_view, 4> kFields{"word", "start", "end", "probability"};
  TranscriptWord word;
  HEARTH_TRY(value.each_field(kFields, [&](std::string_view name, Value field) -> Decoded<void> {
    if (name == "word") {
      HEARTH_TRY_ASSIGN(word.word, field.string());
    } else if (name == "start") {
      HEARTH_TRY_ASSIGN(word.start, field.number(0, kMaxSeconds));
    } else if (name == "end") {
      HEARTH_TRY_ASSIGN(word.end, field.number(0, kMaxSeconds));
    } else {
      HEARTH_TRY_ASSIGN(word.probability, field.number(0, 1));
    }
    return {};
  }));
  return word;
}

// Segment and last event have fields in common; what `type` says decides which of them count.
struct RawEvent {
  std::string type;
  TranscriptSegment segment;
  double duration = 0;
  std::string language;
  bool is_error = false;
};

Decoded<void> read_field(std::string_view name, Value& value, RawEvent& event) {
  TranscriptSegment& s = event.segment;
  if (name == "type") {
    HEARTH_TRY_ASSIGN(event.type, value.string());
  } else if (name == "id") {
    HEARTH_TRY_ASSIGN(const std::int64_t id, value.integer(0, std::numeric_limits<int>::max()));
    s.id = static_cast<int>(id);
  } else if (name == "start") {
    HEARTH_TRY_ASSIGN(s.start, value.number(0, kMaxSeconds));
  } else if (name == "end") {
    HEARTH_TRY_ASSIGN(s.end, value.number(0, kMaxSeconds));
  } else if (name == "text") {
    HEARTH_TRY_ASSIGN(s.text, value.string());
  } else if (name == "avg_logprob") {
    HEARTH_TRY_ASSIGN(s.avg_logprob, value.number());
  } else if (name == "no_speech_prob") {
    HEARTH_TRY_ASSIGN(s.no_speech_prob, value.number());
  } else if (name == "tokens") {
    HEARTH_TRY(value.each_item(kMaxTokens, [&s](std::size_t, Value item) -> Decoded<void> {
      HEARTH_TRY_ASSIGN(const std::int64_t token, item.integer(0, std::numeric_limits<std::int64_t>::max()));
      s.tokens.push_back(token);
      return {};
    }));
  } else if (name == "words") {
    HEARTH_TRY(value.each_item(kMaxWords, [&s](std::size_t, Value item) -> Decoded<void> {
      HEARTH_TRY_ASSIGN(TranscriptWord word, read_word(item));
      s.words.push_back(std::move(word));
      return {};
    }));
  } else if (name == "duration") {
    HEARTH_TRY_ASSIGN(event.duration, value.number(0, kMaxSeconds));
  } else if (name == "language") {
    HEARTH_TRY_ASSIGN(event.language, value.string());
  } else {
    event.is_error = true;
    HEARTH_TRY(value.check());
  }
  return {};
}

}  // namespace

Result<EngineTranscriptEvent> decode_transcript_event(std::string_view data) {
  static constexpr std::array<std::string_view, 12> kFields{"type",  "id",          "start",          "end",
                                                            "text",  "avg_logprob", "no_speech_prob", "tokens",
                                                            "words", "duration",    "language",       "error"};
  const JsonBody body = JsonBody::copy_of(data);
  RawEvent event;
  json::Document document(body);
  const auto fields =
      document.each_field(kFields, [&](std::string_view name, Value value) { return read_field(name, value, event); });
  if (!fields) return fail(json::engine_fault(fields.error(), kWhat));
  if (event.is_error) return EngineTranscriptEvent(decode_error_body(500, data));
  if (!fields->has("text")) return fail(Errc::protocol_error, "The transcription engine's event has no `text`.");
  if (event.type == "transcript.text.segment") return EngineTranscriptEvent(std::move(event.segment));
  if (event.type == "transcript.text.done") {
    return EngineTranscriptEvent(EngineTranscriptDone{
        .text = std::move(event.segment.text), .duration = event.duration, .language = std::move(event.language)});
  }
  return fail(Errc::protocol_error, "The transcription engine sent an event of an unknown type.");
}

}  // namespace hearth::dialects
