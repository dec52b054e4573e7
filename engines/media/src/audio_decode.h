// Any sound track to mono 16-bit samples.
#pragma once

#include "watch.h"

#include <hearth/core/error.h>
#include <hearth/kit/engine.h>

#include <cstdint>
#include <optional>
#include <span>

namespace hearth::media {

struct AudioDecodeRequest {
  int rate = 16000;  // Hz
  double max_seconds = 7200;
};

// Receives the samples. An error from it ends the decoding and is passed on.
class AudioSink {
 public:
  virtual ~AudioSink() = default;
  // Once, when the first samples are there. `duration`: seconds, when the container states it.
  virtual Result<void> begin(std::optional<double> duration) = 0;
  virtual Result<void> samples(std::span<const std::int16_t> mono) = 0;
};

// Decodes the best sound track of `body`. What can be found wrong before the first sample is returned before begin():
// empty_file, unsupported_media, corrupt_media, no_audio, audio_too_long; cancelled. A track that is longer than
// its container says returns audio_too_long when it crosses the limit. A file that is cut off gives what is there.
Result<void> decode_audio(const kit::Body& body, const AudioDecodeRequest& request, Watch& watch, AudioSink& sink);

// Seconds of the best sound track by adding up its packets, without decoding them; 0 if there is none.
Result<double> measured_duration(const kit::Body& body, Watch& watch);

}  // namespace hearth::media
