// SubRip and WebVTT. Private to this room.
#pragma once

#include <hearth/dialects/transcription.h>

#include <span>
#include <string>

namespace hearth::dialects {

enum class SubtitleKind { srt, vtt };
// "00:01:02,345" (SubRip) or "00:01:02.345" (WebVTT); hours take as many digits as they need.
std::string subtitle_time(double seconds, SubtitleKind kind);
std::string encode_srt(std::span<const TranscriptSegment> segments);
std::string encode_vtt(std::span<const TranscriptSegment> segments);

}  // namespace hearth::dialects
