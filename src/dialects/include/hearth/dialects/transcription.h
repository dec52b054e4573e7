// POST /v1/audio/transcriptions and /translations: the form in, five formats and a stream of events out, and the events
// of the engine that recognises (docs/engine-protocol.md).
#pragma once

#include <hearth/dialects/api_error.h>
#include <hearth/dialects/multipart.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hearth::dialects {

enum class AudioTask { transcribe, translate };
enum class TranscriptFormat { json, text, srt, verbose_json, vtt };

struct TranscriptionForm {
  std::string model;
  std::string language;  // ISO 639-1 or -3, lower case, without region ("en"); empty: let the model find out
  std::string prompt;
  TranscriptFormat response_format = TranscriptFormat::json;
  double temperature = 0;  // 0 to 1
  bool word_timestamps = false;
  bool segment_timestamps = true;
  bool stream = false;
};

struct TranscriptionLimits {
  std::size_t max_prompt_bytes = 16 << 10;
};

// `fields`: the form's parts but for the file. Unknown fields are ignored; `timestamp_granularities` is read with and
// without []. Errors name the field in `param`.
Decoded<TranscriptionForm> decode_transcription(std::span<const FormField> fields, AudioTask task,
                                                const TranscriptionLimits& limits = {});

// Times in seconds from the beginning of the sound.
struct TranscriptWord {
  std::string word;
  double start = 0;
  double end = 0;
  double probability = 1;
  friend bool operator==(const TranscriptWord&, const TranscriptWord&) = default;
};

struct TranscriptSegment {
  int id = 0;
  double start = 0;
  double end = 0;
  std::string text;
  double avg_logprob = 0;
  double no_speech_prob = 0;
  std::vector<std::int64_t> tokens;
  std::vector<TranscriptWord> words;
  friend bool operator==(const TranscriptSegment&, const TranscriptSegment&) = default;
};

struct Transcript {
  AudioTask task = AudioTask::transcribe;
  std::string language;  // a code ("en"); verbose_json says its English name
  double duration = 0;   // seconds of sound
  std::string text;
  std::vector<TranscriptSegment> segments;
};

struct EncodedTranscript {
  std::string_view content_type;
  std::string body;
};
// In the format that the form asks for.
EncodedTranscript encode_transcript(const Transcript& transcript, const TranscriptionForm& form);

// "english" for "en"; the code itself if it is not known.
std::string_view language_name(std::string_view code) noexcept;

// Whole events of a streamed answer, "data: …\n\n". A delta's text is appended to what came before by the client, so
// all but the first begin with a space where the language has spaces.
std::string encode_transcript_delta(std::string_view text, int segment_id);
// Words are added if `words` (ours: OpenAI has no word times in streams).
enum class SegmentWords { leave_out, include };
std::string encode_transcript_segment(const TranscriptSegment& segment, SegmentWords words);
std::string encode_transcript_done(std::string_view text, double duration_seconds);

// The engine's last event.
struct EngineTranscriptDone {
  std::string text;
  double duration = 0;
  std::string language;
};
using EngineTranscriptEvent = std::variant<TranscriptSegment, EngineTranscriptDone, ApiError>;
// One event's data. protocol_error if it is none of these.
Result<EngineTranscriptEvent> decode_transcript_event(std::string_view data);

}  // namespace hearth::dialects
