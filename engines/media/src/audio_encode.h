// Mono 16-bit samples to an encoded stream, piece by piece: what an encoder has ready leaves at once.
#pragma once

#include <hearth/core/error.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace hearth::media {

enum class AudioFormat { mp3, opus, aac, flac, wav, pcm };
std::optional<AudioFormat> parse_audio_format(std::string_view name);
// "audio/mpeg", …; raw samples name their rate.
std::string content_type(AudioFormat format, int rate);

struct AudioEncodeRequest {
  AudioFormat format = AudioFormat::mp3;
  int rate = 22050;  // Hz of the samples that come
  int out_rate = 0;  // Hz of what is encoded; 0: what suits the format
  int bitrate = 0;   // bits a second; 0: what suits speech. Of no effect for flac, wav and pcm
};

// Takes encoded bytes. An error from it ends the encoding and is passed on.
using ByteSink = std::function<Result<void>(std::string_view)>;

// One stream; one thread.
class AudioEncoder {
 public:
  // `sink` is called from add() and finish() only. invalid_argument when the format does not know the rate.
  static Result<std::unique_ptr<AudioEncoder>> create(const AudioEncodeRequest& request, ByteSink sink);
  virtual ~AudioEncoder() = default;
  virtual Result<void> add(std::span<const std::int16_t> samples) = 0;
  virtual Result<void> finish() = 0;
  // Hz of the encoded stream.
  [[nodiscard]] virtual int rate() const = 0;
};

// The parts of create(): samples with at most a header, and FFmpeg's encoders.
Result<std::unique_ptr<AudioEncoder>> create_plain_encoder(const AudioEncodeRequest& request, ByteSink sink);
Result<std::unique_ptr<AudioEncoder>> create_codec_encoder(const AudioEncodeRequest& request, ByteSink sink);

}  // namespace hearth::media
