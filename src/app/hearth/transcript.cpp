#include "transcript.h"

#include <fmt/format.h>

#include <cmath>

namespace hearth::tool {
namespace {

// "00:01:02,500" in SubRip, "00:01:02.500" in WebVTT.
std::string timestamp(double seconds, char point) {
  const auto ms = static_cast<std::int64_t>(std::llround(std::max(0.0, seconds) * 1000));
  return fmt::format("{:02}:{:02}:{:02}{}{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, point, ms % 1000);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\n')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

// In a cue "-->" would be read as timing, and an empty line would end it.
std::string cue_text(std::string_view text, TranscriptFormat format) {
  std::string out;
  for (const char c : trimmed(text)) {
    if (c == '\n' && out.ends_with('\n')) continue;
    if (format == TranscriptFormat::vtt && (c == '&' || c == '<' || c == '>')) {
      out += c == '&' ? "&amp;" : c == '<' ? "&lt;" : "&gt;";
    } else {
      out += c;
    }
  }
  return out;
}

json::object word_object(const Word& word) {
  return {{"word", word.text}, {"start", word.start}, {"end", word.end}};
}

json::value verbose(const Transcript& t, Words words) {
  json::array segments;
  json::array all_words;
  for (std::size_t i = 0; i < t.segments.size(); ++i) {
    const Segment& s = t.segments[i];
    segments.push_back(json::object{{"id", i},
                                    {"start", s.start},
                                    {"end", s.end},
                                    {"text", s.text},
                                    {"avg_logprob", s.avg_logprob},
                                    {"no_speech_prob", s.no_speech_prob}});
    for (const Word& w : s.words) all_words.push_back(word_object(w));
  }
  json::object out{{"task", "transcribe"}, {"duration", t.duration}, {"text", t.text}, {"segments", segments}};
  if (!t.language.empty()) out["language"] = t.language;
  if (words == Words::include) out["words"] = all_words;
  return out;
}

std::vector<Segment> lines_of(const Transcript& transcript, Words words) {
  if (words == Words::leave_out) return transcript.segments;
  std::vector<Segment> out;
  for (const Segment& segment : transcript.segments)
    for (Segment& word : word_segments(segment)) out.push_back(std::move(word));
  return out;
}

}  // namespace

std::optional<TranscriptFormat> transcript_format(std::string_view name) {
  if (name == "text" || name == "txt") return TranscriptFormat::text;
  if (name == "json") return TranscriptFormat::json;
  if (name == "srt") return TranscriptFormat::srt;
  if (name == "vtt") return TranscriptFormat::vtt;
  if (name == "verbose_json") return TranscriptFormat::verbose_json;
  return std::nullopt;
}

std::optional<TranscriptFormat> transcript_format_of_file(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  const std::size_t slash = path.rfind('/');
  if (dot == std::string_view::npos || (slash != std::string_view::npos && slash > dot)) return std::nullopt;
  const std::string_view ending = path.substr(dot + 1);
  if (ending == "json") return TranscriptFormat::verbose_json;
  return ending == "verbose_json" ? std::nullopt : transcript_format(ending);
}

std::string write_cue(const Segment& segment, std::size_t number, TranscriptFormat format) {
  const char point = format == TranscriptFormat::srt ? ',' : '.';
  const std::string times = timestamp(segment.start, point) + " --> " + timestamp(segment.end, point);
  const std::string head = format == TranscriptFormat::srt ? fmt::format("{}\n", number) : std::string();
  return head + times + "\n" + cue_text(segment.text, format) + "\n\n";
}

std::vector<Segment> word_segments(const Segment& segment) {
  std::vector<Segment> out;
  for (const Word& word : segment.words) out.push_back({word.start, word.end, word.text, {}, 0, 0});
  return out;
}

std::string write_transcript(const Transcript& transcript, TranscriptFormat format, Words words) {
  switch (format) {
    case TranscriptFormat::json:
      return json::pretty(json::object{{"text", transcript.text}});
    case TranscriptFormat::verbose_json:
      return json::pretty(verbose(transcript, words));
    case TranscriptFormat::text: {
      if (words == Words::leave_out) return std::string(trimmed(transcript.text)) + "\n";
      std::string out;
      for (const Segment& s : lines_of(transcript, words))
        out += fmt::format("{:8.2f} {:8.2f}  {}\n", s.start, s.end, s.text);
      return out;
    }
    case TranscriptFormat::srt:
    case TranscriptFormat::vtt:
      break;
  }
  std::string out = format == TranscriptFormat::vtt ? "WEBVTT\n\n" : "";
  std::size_t number = 0;
  for (const Segment& s : lines_of(transcript, words)) out += write_cue(s, ++number, format);
  return out;
}

Segment read_segment(const json::value& event) {
  Segment s;
  s.start = json::number(event, "start");
  s.end = json::number(event, "end");
  s.text = json::text(event, "text");
  s.avg_logprob = json::number(event, "avg_logprob");
  s.no_speech_prob = json::number(event, "no_speech_prob");
  for (const json::value& word : json::list(event, "words"))
    s.words.push_back({json::text(word, "word"), json::number(word, "start"), json::number(word, "end")});
  return s;
}

}  // namespace hearth::tool
