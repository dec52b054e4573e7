#include "audio_decode.h"

#include "errors.h"
#include "input.h"
#include "resampler.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace hearth::media {
namespace {

constexpr std::uint64_t kCoverPixels = 16'000'000;  // what reading the headers may decode of a video or a cover
constexpr std::size_t kFlushBytes = 32 * 1024;
constexpr int kMaxBadPackets = 2000;  // in a row, and nothing decoded: this is no sound

std::unexpected<Error> too_long(double seconds, double limit) {
  return fail(MediaErrc::audio_too_long,
              fmt::format("the recording lasts {}, over the limit of {} (max_seconds): send it in parts",
                          format_duration(std::chrono::duration<double>(seconds)),
                          format_duration(std::chrono::duration<double>(limit))));
}

// Decoded frames on their way to the sink.
class Track {
 public:
  Track(const AudioDecodeRequest& request, std::optional<double> duration, AudioSink& sink)
      : resampler_(request.rate, AV_SAMPLE_FMT_S16),
        sink_(sink),
        duration_(duration),
        limit_(request.max_seconds),
        max_samples_(std::llround(request.max_seconds * request.rate)) {}

  Result<void> add(const AVFrame& frame) {
    const SampleLayout layout{frame.ch_layout, static_cast<AVSampleFormat>(frame.format), frame.sample_rate};
    HEARTH_TRY(resampler_.convert(layout, frame.extended_data, frame.nb_samples, pending_));
    return send(begun_ ? kFlushBytes : 1);
  }

  Result<void> finish() {
    HEARTH_TRY(resampler_.flush(pending_));
    return send(1);
  }

  [[nodiscard]] bool begun() const { return begun_; }

 private:
  // Passes on what is pending if it is at least `enough` bytes.
  Result<void> send(std::size_t enough) {
    if (pending_.size() < enough) return {};
    const std::size_t count = pending_.size() / sizeof(std::int16_t);
    samples_ += static_cast<std::int64_t>(count);
    if (samples_ > max_samples_)
      return fail(MediaErrc::audio_too_long,
                  fmt::format("the recording lasts longer than the limit of {} (max_seconds): "
                              "send it in parts",
                              format_duration(std::chrono::duration<double>(limit_))));
    if (!begun_) {
      HEARTH_TRY(sink_.begin(duration_));
    }
    begun_ = true;
    // A vector's bytes are aligned for any sample.
    HEARTH_TRY(sink_.samples({reinterpret_cast<const std::int16_t*>(pending_.data()), count}));
    pending_.clear();
    return {};
  }

  Resampler resampler_;
  AudioSink& sink_;
  std::optional<double> duration_;
  double limit_;
  std::int64_t max_samples_;
  std::int64_t samples_ = 0;
  bool begun_ = false;
  std::vector<std::uint8_t> pending_;
};

// Everything the decoder gives for what it has been sent.
Result<void> receive(AVCodecContext* decoder, AVFrame* frame, Track& track) {
  for (;;) {
    const int got = avcodec_receive_frame(decoder, frame);
    if (got == AVERROR(ENOMEM)) return fail_av(got, "the sound cannot be decoded");
    if (got < 0) return {};  // wants more, has ended, or skips a damaged part
    if (frame->nb_samples > 0) {
      HEARTH_TRY(track.add(*frame));
    }
  }
}

Result<void> decode_all(Input& input, AVStream* stream, AVCodecContext* decoder, Track& track) {
  const AvPacket packet(av_packet_alloc());
  const AvFrame frame(av_frame_alloc());
  for (int bad = 0; bad < kMaxBadPackets;) {
    HEARTH_TRY_ASSIGN(const bool more, input.read(stream, packet.get()));
    const int sent = avcodec_send_packet(decoder, more ? packet.get() : nullptr);
    if (sent == AVERROR(ENOMEM)) return fail_av(sent, "the sound cannot be decoded");
    HEARTH_TRY(receive(decoder, frame.get(), track));
    if (!more) break;
    bad = sent < 0 && !track.begun() ? bad + 1 : 0;
  }
  return track.finish();
}

}  // namespace

Result<double> measured_duration(const kit::Body& body, Watch& watch) {
  HEARTH_TRY_ASSIGN(const auto input, Input::open(body, watch, kCoverPixels));
  AVStream* stream = input->best(AVMEDIA_TYPE_AUDIO);
  if (stream == nullptr) return 0.0;
  const AvPacket packet(av_packet_alloc());
  double seconds = 0;
  for (;;) {
    HEARTH_TRY_ASSIGN(const bool more, input->read(stream, packet.get()));
    if (!more) return seconds;
    seconds += static_cast<double>(packet->duration) * av_q2d(stream->time_base);
  }
}

Result<void> decode_audio(const kit::Body& body, const AudioDecodeRequest& request, Watch& watch, AudioSink& sink) {
  HEARTH_TRY_ASSIGN(const auto input, Input::open(body, watch, kCoverPixels));
  if (input->is_image()) return fail(MediaErrc::no_audio, "this is an image: there is no sound in it");
  AVStream* stream = input->best(AVMEDIA_TYPE_AUDIO);
  if (stream == nullptr) return fail(MediaErrc::no_audio, "there is no sound track in this file");
  const auto stated = input->stated_duration();
  if (stated && *stated > request.max_seconds) return too_long(*stated, request.max_seconds);
  if (!stated) {
    HEARTH_TRY_ASSIGN(const double measured, measured_duration(body, watch));
    if (measured > request.max_seconds) return too_long(measured, request.max_seconds);
  }
  HEARTH_TRY_ASSIGN(const auto decoder, input->open_decoder(stream, kCoverPixels));
  Track track(request, stated, sink);
  HEARTH_TRY(decode_all(*input, stream, decoder.get(), track));
  if (!track.begun())
    return fail(MediaErrc::corrupt_media, "no sound could be decoded: the file is damaged or cut off");
  return {};
}

}  // namespace hearth::media
