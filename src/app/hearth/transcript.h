// What was heard, and the formats it is written in.
#pragma once

#include "json.h"

#include <optional>
#include <string>
#include <vector>

namespace hearth::tool {

// Times in seconds from the beginning of the sound.
struct Word {
  std::string text;
  double start = 0;
  double end = 0;
};

struct Segment {
  double start = 0;
  double end = 0;
  std::string text;
  std::vector<Word> words;
  double avg_logprob = 0;
  double no_speech_prob = 0;
};

struct Transcript {
  std::vector<Segment> segments;
  std::string text;
  std::string language;  // empty: the box did not say
  double duration = 0;
};

enum class TranscriptFormat { text, json, srt, vtt, verbose_json };
std::optional<TranscriptFormat> transcript_format(std::string_view name);
// By the ending of a file's name: .txt, .srt, .vtt, .json.
std::optional<TranscriptFormat> transcript_format_of_file(std::string_view path);

enum class Words { leave_out, include };
// The whole result. With words, text, srt and vtt have a line or cue for every word, verbose_json has their times.
std::string write_transcript(const Transcript& transcript, TranscriptFormat format, Words words);
// One cue, so that subtitles can be shown as they come. `number` counts from 1.
std::string write_cue(const Segment& segment, std::size_t number, TranscriptFormat format);
// The words of a segment as segments, for cues and lines of their own.
std::vector<Segment> word_segments(const Segment& segment);

// A `transcript.text.segment` event.
Segment read_segment(const json::value& event);

}  // namespace hearth::tool
