#include "src/subtitles.h"

#include "src/ascii.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace hearth::dialects {

namespace {

// One line: an empty line would end the cue.
std::string cue_text(std::string_view text) {
  std::string out(trim(text, " \t\r\n"));
  std::ranges::replace_if(out, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return out;
}

std::string escape_vtt(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace

std::string subtitle_time(double seconds, SubtitleKind kind) {
  constexpr double kLongest = 1e9;
  const double bounded = std::isfinite(seconds) ? std::clamp(seconds, 0.0, kLongest) : 0.0;
  const std::int64_t ms = std::llround(bounded * 1000);
  return fmt::format("{:02}:{:02}:{:02}{}{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60,
                     kind == SubtitleKind::srt ? ',' : '.', ms % 1000);
}

std::string encode_srt(std::span<const TranscriptSegment> segments) {
  std::string out;
  int number = 0;
  for (const TranscriptSegment& s : segments) {
    out += fmt::format("{}\n{} --> {}\n{}\n\n", ++number, subtitle_time(s.start, SubtitleKind::srt),
                       subtitle_time(s.end, SubtitleKind::srt), cue_text(s.text));
  }
  return out;
}

std::string encode_vtt(std::span<const TranscriptSegment> segments) {
  std::string out = "WEBVTT\n\n";
  for (const TranscriptSegment& s : segments) {
    out += fmt::format("{} --> {}\n{}\n\n", subtitle_time(s.start, SubtitleKind::vtt),
                       subtitle_time(s.end, SubtitleKind::vtt), escape_vtt(cue_text(s.text)));
  }
  return out;
}

}  // namespace hearth::dialects
