#include "src/json_writer.h"
#include "src/subtitles.h"

#include <hearth/dialects/sse.h>
#include <hearth/dialects/transcription.h>

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>

namespace hearth::dialects {

namespace {

constexpr int kTimeDigits = 3;

// How repetitive a text is: its bytes over its zlib-compressed bytes, as Whisper reports it.
double compression_ratio(std::string_view text) {
  if (text.empty()) return 0;
  uLongf packed = compressBound(text.size());
  std::string out(packed, '\0');
  const int status =
      compress(reinterpret_cast<Bytef*>(out.data()), &packed, reinterpret_cast<const Bytef*>(text.data()), text.size());
  return status == Z_OK && packed > 0 ? static_cast<double>(text.size()) / static_cast<double>(packed) : 0;
}

void write_usage(json::Writer& w, double seconds) {
  w.key("usage").begin_object().key("type").string("duration");
  // Billed seconds are whole ones, begun ones counted.
  w.key("seconds").number(static_cast<std::int64_t>(std::ceil(std::clamp(seconds, 0.0, 1e12)))).end_object();
}

void write_word(json::Writer& w, const TranscriptWord& word) {
  w.begin_object().key("word").string(word.word);
  w.key("start").rounded(word.start, kTimeDigits).key("end").rounded(word.end, kTimeDigits).end_object();
}

void write_segment(json::Writer& w, const TranscriptSegment& s, double temperature) {
  w.begin_object();
  w.key("id").number(s.id);
  // Whisper's seek counts frames of 10 ms.
  w.key("seek").number(static_cast<std::int64_t>(std::llround(std::clamp(s.start, 0.0, 1e9) * 100)));
  w.key("start").rounded(s.start, kTimeDigits);
  w.key("end").rounded(s.end, kTimeDigits);
  w.key("text").string(s.text);
  w.key("tokens").begin_array();
  for (const std::int64_t token : s.tokens) w.number(token);
  w.end_array();
  w.key("temperature").number(temperature);
  w.key("avg_logprob").number(s.avg_logprob);
  w.key("compression_ratio").rounded(compression_ratio(s.text), 4);
  w.key("no_speech_prob").number(s.no_speech_prob);
  w.end_object();
}

std::string encode_json(const Transcript& t) {
  json::Writer w;
  w.begin_object().key("text").string(t.text);
  write_usage(w, t.duration);
  w.end_object();
  return w.take();
}

std::string encode_verbose(const Transcript& t, const TranscriptionForm& form) {
  json::Writer w;
  w.begin_object();
  w.key("task").string(t.task == AudioTask::translate ? "translate" : "transcribe");
  w.key("language").string(language_name(t.language));
  w.key("duration").rounded(t.duration, kTimeDigits);
  w.key("text").string(t.text);
  if (form.segment_timestamps) {
    w.key("segments").begin_array();
    for (const TranscriptSegment& s : t.segments) write_segment(w, s, form.temperature);
    w.end_array();
  }
  if (form.word_timestamps) {
    w.key("words").begin_array();
    for (const TranscriptSegment& s : t.segments) {
      for (const TranscriptWord& word : s.words) write_word(w, word);
    }
    w.end_array();
  }
  write_usage(w, t.duration);
  w.end_object();
  return w.take();
}

}  // namespace

EncodedTranscript encode_transcript(const Transcript& transcript, const TranscriptionForm& form) {
  switch (form.response_format) {
    case TranscriptFormat::text:
      return {.content_type = "text/plain; charset=utf-8", .body = transcript.text + "\n"};
    case TranscriptFormat::srt:
      return {.content_type = "application/x-subrip; charset=utf-8", .body = encode_srt(transcript.segments)};
    case TranscriptFormat::vtt:
      return {.content_type = "text/vtt; charset=utf-8", .body = encode_vtt(transcript.segments)};
    case TranscriptFormat::verbose_json:
      return {.content_type = "application/json", .body = encode_verbose(transcript, form)};
    case TranscriptFormat::json:
      break;
  }
  return {.content_type = "application/json", .body = encode_json(transcript)};
}

std::string encode_transcript_delta(std::string_view text, int segment_id) {
  json::Writer w;
  w.begin_object().key("type").string("transcript.text.delta").key("delta").string(text);
  w.key("segment_id").string(fmt::format("seg_{}", segment_id)).end_object();
  return encode_sse(w.take());
}

std::string encode_transcript_segment(const TranscriptSegment& segment, SegmentWords words) {
  json::Writer w;
  w.begin_object().key("type").string("transcript.text.segment");
  w.key("id").string(fmt::format("seg_{}", segment.id));
  w.key("start").rounded(segment.start, kTimeDigits).key("end").rounded(segment.end, kTimeDigits);
  w.key("text").string(segment.text);
  w.key("speaker").string("");  // a required key of OpenAI's event; our engines do not tell speakers apart
  if (words == SegmentWords::include) {
    w.key("words").begin_array();
    for (const TranscriptWord& word : segment.words) write_word(w, word);
    w.end_array();
  }
  w.end_object();
  return encode_sse(w.take());
}

std::string encode_transcript_done(std::string_view text, double duration_seconds) {
  json::Writer w;
  w.begin_object().key("type").string("transcript.text.done").key("text").string(text);
  write_usage(w, duration_seconds);
  w.end_object();
  return encode_sse(w.take());
}

}  // namespace hearth::dialects
