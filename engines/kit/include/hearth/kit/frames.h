// Pixels between engines: a stream of frames, each one line of JSON and then its raw bytes.
//
//   {"index":0,"total":3,"kind":"page","width":1654,"height":2339,"channels":3,"dpi":200,"time":0,"size":11606118}\n
//   <size bytes: rows top to bottom, RGB or gray, 8 bits a channel, no padding>
//
// Content type application/vnd.hearth.frames. The line is at most 1 KiB; size = width × height × channels.
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace hearth::kit {

inline constexpr std::string_view kFramesType = "application/vnd.hearth.frames";

struct FrameHeader {
  std::uint32_t index = 0;   // 0-based among the frames of this answer
  std::uint32_t total = 0;   // how many pages or images the source has; 0 if unknown (video)
  std::string kind;          // "image", "page", "video"
  std::uint32_t number = 0;  // 0-based page of the document, or frame of the video
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t channels = 3;  // 1 gray, 3 RGB
  double dpi = 0;              // 0 if unknown
  double time = 0;             // seconds into the video
  [[nodiscard]] std::uint64_t size() const { return std::uint64_t{width} * height * channels; }
};

struct Frame {
  FrameHeader header;
  std::string pixels;
};

// The header line, with its newline.
std::string encode_frame_header(const FrameHeader& header);
// Parses one line (without the newline). protocol_error if it is not such a line, too_large past `max_pixels`.
Result<FrameHeader> decode_frame_header(std::string_view line, std::uint64_t max_pixels);
// Reads one frame from a byte source (0 = end). nullopt-like: not_found at a clean end before any byte.
using ReadSome = std::function<Result<std::size_t>(std::span<char>)>;
Result<Frame> read_frame(const ReadSome& read, std::uint64_t max_pixels);

}  // namespace hearth::kit
