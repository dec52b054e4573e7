// What a file is, from its headers.
#pragma once

#include "watch.h"

#include <hearth/core/error.h>
#include <hearth/kit/engine.h>

#include <cstdint>
#include <optional>
#include <string>

namespace hearth::media {

struct ProbeResult {
  std::string kind;                // "audio", "video", "image", "document"
  std::string format;              // "wav", "mov", "png", "pdf", …
  std::optional<double> duration;  // seconds
  std::optional<std::uint32_t> pages;
  std::optional<std::uint32_t> width;  // upright
  std::optional<std::uint32_t> height;
  std::optional<std::string> audio_codec;
  std::optional<std::string> video_codec;
};

// empty_file, unsupported_media, corrupt_media, cancelled.
Result<ProbeResult> probe(const kit::Body& body, Watch& watch);

}  // namespace hearth::media
