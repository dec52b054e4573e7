#include "audio_encode.h"

#include "errors.h"
#include "resampler.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace hearth::media {
namespace {

struct Name {
  std::string_view name;
  AudioFormat format;
  std::string_view type;
};
constexpr std::array<Name, 6> kNames{{{"mp3", AudioFormat::mp3, "audio/mpeg"},
                                      {"opus", AudioFormat::opus, "audio/ogg"},
                                      {"aac", AudioFormat::aac, "audio/aac"},
                                      {"flac", AudioFormat::flac, "audio/flac"},
                                      {"wav", AudioFormat::wav, "audio/wav"},
                                      {"pcm", AudioFormat::pcm, "audio/pcm"}}};
constexpr int kOpenAiPcmRate = 24000;

void append_le(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
}

// RIFF/WAVE of PCM whose length is not known yet: both sizes say 0xFFFFFFFF, which readers take as "to the end".
std::string streaming_wav_header(int rate) {
  constexpr std::uint32_t kUnknown = 0xFFFFFFFF;
  const auto hz = static_cast<std::uint32_t>(rate);
  std::string h = "RIFF";
  append_le(h, kUnknown, 4);
  h += "WAVEfmt ";
  append_le(h, 16, 4);
  append_le(h, 1, 2);  // PCM
  append_le(h, 1, 2);  // mono
  append_le(h, hz, 4);
  append_le(h, hz * 2, 4);
  append_le(h, 2, 2);
  append_le(h, 16, 2);
  h += "data";
  append_le(h, kUnknown, 4);
  return h;
}

class PlainEncoder final : public AudioEncoder {
 public:
  PlainEncoder(const AudioEncodeRequest& request, int out_rate, ByteSink sink)
      : in_{{}, AV_SAMPLE_FMT_S16, request.rate},
        rate_(out_rate),
        resampler_(out_rate, AV_SAMPLE_FMT_S16),
        sink_(std::move(sink)) {
    av_channel_layout_default(&in_.channels, 1);
    if (request.format == AudioFormat::wav) header_ = streaming_wav_header(out_rate);
  }

  Result<void> add(std::span<const std::int16_t> samples) override {
    if (in_.rate == rate_) return send({reinterpret_cast<const char*>(samples.data()), samples.size_bytes()});
    const auto* data = reinterpret_cast<const std::uint8_t*>(samples.data());
    HEARTH_TRY(resampler_.convert(in_, &data, static_cast<int>(samples.size()), out_));
    return send_out();
  }
  Result<void> finish() override {
    HEARTH_TRY(resampler_.flush(out_));
    return send_out();
  }
  int rate() const override { return rate_; }

 private:
  Result<void> send_out() {
    HEARTH_TRY(send({reinterpret_cast<const char*>(out_.data()), out_.size()}));
    out_.clear();
    return {};
  }
  Result<void> send(std::string_view bytes) {
    if (!header_.empty()) {
      HEARTH_TRY(sink_(std::exchange(header_, {})));
    }
    if (bytes.empty()) return {};
    return sink_(bytes);
  }

  SampleLayout in_;
  int rate_;
  Resampler resampler_;
  ByteSink sink_;
  std::string header_;
  std::vector<std::uint8_t> out_;
};

}  // namespace

std::optional<AudioFormat> parse_audio_format(std::string_view name) {
  for (const Name& n : kNames)
    if (n.name == name) return n.format;
  return std::nullopt;
}

std::string content_type(AudioFormat format, int rate) {
  for (const Name& n : kNames)
    if (n.format == format)
      return format == AudioFormat::pcm ? fmt::format("{};rate={}", n.type, rate) : std::string(n.type);
  return "application/octet-stream";
}

Result<std::unique_ptr<AudioEncoder>> create_plain_encoder(const AudioEncodeRequest& request, ByteSink sink) {
  const int natural = request.format == AudioFormat::pcm ? kOpenAiPcmRate : request.rate;
  const int rate = request.out_rate == 0 ? natural : request.out_rate;
  return std::make_unique<PlainEncoder>(request, rate, std::move(sink));
}

Result<std::unique_ptr<AudioEncoder>> AudioEncoder::create(const AudioEncodeRequest& request, ByteSink sink) {
  const bool plain = request.format == AudioFormat::wav || request.format == AudioFormat::pcm;
  return plain ? create_plain_encoder(request, std::move(sink)) : create_codec_encoder(request, std::move(sink));
}

}  // namespace hearth::media
