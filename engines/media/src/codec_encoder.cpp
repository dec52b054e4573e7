// AudioEncoder on FFmpeg's encoders and muxers.
#include "audio_encode.h"
#include "av.h"
#include "errors.h"
#include "resampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace hearth::media {
namespace {

constexpr int kIoBuffer = 16 * 1024;
constexpr std::int64_t kOggPage = 60'000;  // µs: three Opus frames a page; overhead stays at some 4 %

// How each format is made. Bit rates are for one voice.
struct Recipe {
  const char* encoder;
  const char* muxer;
  int bitrate;       // at sample rates up to 24 kHz
  int bitrate_wide;  // above
};

Recipe recipe(AudioFormat format) {
  switch (format) {
    case AudioFormat::opus:
      return {"libopus", "ogg", 32'000, 48'000};
    case AudioFormat::aac:
      return {"aac", "adts", 48'000, 80'000};
    case AudioFormat::flac:
      return {"flac", "flac", 0, 0};
    default:
      return {"libmp3lame", "mp3", 56'000, 80'000};
  }
}

// The rate a codec gets when the client leaves it open: the input's, or the next one above that the codec knows.
int natural_rate(const AVCodec& codec, AudioFormat format, int in_rate) {
  if (format == AudioFormat::opus) return in_rate <= 24'000 ? 24'000 : 48'000;
  if (codec.supported_samplerates == nullptr) return in_rate;
  int best = 0;
  for (const int* r = codec.supported_samplerates; *r != 0; ++r)
    if (*r >= in_rate && (best == 0 || *r < best)) best = *r;
  for (const int* r = codec.supported_samplerates; best == 0 && *r != 0; ++r) best = std::max(best, *r);
  return best;
}

bool knows_rate(const AVCodec& codec, int rate) {
  if (codec.supported_samplerates == nullptr) return true;
  for (const int* r = codec.supported_samplerates; *r != 0; ++r)
    if (*r == rate) return true;
  return false;
}

std::string known_rates(const AVCodec& codec) {
  std::vector<int> rates;
  for (const int* r = codec.supported_samplerates; r != nullptr && *r != 0; ++r) rates.push_back(*r);
  std::ranges::sort(rates);
  return fmt::format("{}", fmt::join(rates, ", "));
}

// 16 bits where the encoder takes them, as that is what comes in.
AVSampleFormat sample_format(const AVCodec& codec) {
  for (const AVSampleFormat* f = codec.sample_fmts; f != nullptr && *f != AV_SAMPLE_FMT_NONE; ++f)
    if (*f == AV_SAMPLE_FMT_S16 || *f == AV_SAMPLE_FMT_S16P) return *f;
  return codec.sample_fmts == nullptr ? AV_SAMPLE_FMT_S16 : codec.sample_fmts[0];
}

struct MuxerFree {
  void operator()(AVFormatContext* c) const { avformat_free_context(c); }
};
using AvMuxer = std::unique_ptr<AVFormatContext, MuxerFree>;

class CodecEncoder final : public AudioEncoder {
 public:
  CodecEncoder(int in_rate, int out_rate, AVSampleFormat format, ByteSink sink)
      : in_{{}, AV_SAMPLE_FMT_S16, in_rate}, resampler_(out_rate, format), sink_(std::move(sink)) {
    av_channel_layout_default(&in_.channels, 1);
  }

  Result<void> open(const AVCodec& codec, AVSampleFormat format, const Recipe& how, int out_rate, int bitrate);
  Result<void> add(std::span<const std::int16_t> samples) override;
  Result<void> finish() override;
  int rate() const override { return encoder_->sample_rate; }

 private:
  static int write_bytes(void* self, std::uint8_t* bytes, int size);
  Result<void> open_muxer(const Recipe& how);
  Result<void> queue();
  Result<void> encode_queued(int at_least);
  Result<void> encode(const AVFrame* frame);
  Result<void> check(int code);

  SampleLayout in_;
  Resampler resampler_;
  ByteSink sink_;
  std::optional<Error> sink_error_;
  AvIo io_;
  AvMuxer muxer_;
  AvCodecContext encoder_;
  AvFifo fifo_;
  AvFrame frame_;
  AvPacket packet_;
  std::vector<std::uint8_t> converted_;
  std::int64_t next_pts_ = 0;
};

int CodecEncoder::write_bytes(void* self, std::uint8_t* bytes, int size) {
  auto* encoder = static_cast<CodecEncoder*>(self);
  auto sent = encoder->sink_({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  if (sent) return size;
  encoder->sink_error_ = std::move(sent).error();
  return AVERROR(EPIPE);
}

// The sink's own error tells more than FFmpeg's code for it.
Result<void> CodecEncoder::check(int code) {
  if (sink_error_) return fail(*sink_error_);
  if (code < 0) return fail(Errc::internal, "the encoder failed");
  return {};
}

Result<void> CodecEncoder::open(const AVCodec& codec, AVSampleFormat format, const Recipe& how, int out_rate,
                                int bitrate) {
  encoder_.reset(avcodec_alloc_context3(&codec));
  encoder_->sample_rate = out_rate;
  encoder_->sample_fmt = format;
  encoder_->time_base = {1, out_rate};
  encoder_->bit_rate = bitrate != 0 ? bitrate : out_rate <= 24'000 ? how.bitrate : how.bitrate_wide;
  encoder_->thread_count = 1;
  encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  av_channel_layout_default(&encoder_->ch_layout, 1);
  AvOptions options;
  options.set("application", "voip");  // libopus: tuned for speech
  options.set("reservoir", "0");       // lame: no frame waits for a later one's bits
  if (avcodec_open2(encoder_.get(), &codec, options.address()) < 0)
    return fail(Errc::invalid_argument,
                fmt::format("{} cannot encode {} Hz at {} bits a second", codec.name, out_rate, encoder_->bit_rate));
  const int block = encoder_->frame_size > 0 ? encoder_->frame_size : 1024;
  fifo_.reset(av_audio_fifo_alloc(format, 1, block * 2));
  frame_.reset(av_frame_alloc());
  packet_.reset(av_packet_alloc());
  if (!fifo_ || !frame_ || !packet_) return fail(Errc::resource_exhausted, "no memory for the encoder");
  return open_muxer(how);
}

Result<void> CodecEncoder::open_muxer(const Recipe& how) {
  auto* buffer = static_cast<unsigned char*>(av_malloc(kIoBuffer));
  io_.reset(avio_alloc_context(buffer, kIoBuffer, 1, this, nullptr, write_bytes, nullptr));
  AVFormatContext* muxer = nullptr;
  if (!io_ || avformat_alloc_output_context2(&muxer, nullptr, how.muxer, nullptr) < 0)
    return fail(Errc::resource_exhausted, "no memory for the encoder");
  muxer_.reset(muxer);
  muxer->pb = io_.get();
  muxer->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT | AVFMT_FLAG_FLUSH_PACKETS;
  muxer->flush_packets = 0;  // add() flushes once for all that it was given
  AVStream* stream = avformat_new_stream(muxer, nullptr);
  if (stream == nullptr || avcodec_parameters_from_context(stream->codecpar, encoder_.get()) < 0)
    return fail(Errc::resource_exhausted, "no memory for the encoder");
  stream->time_base = encoder_->time_base;
  AvOptions options;
  options.set("page_duration", kOggPage);
  options.set("write_xing", "0");  // mp3: a summary of the whole file can't come first in a stream
  options.set("id3v2_version", "0");
  return check(avformat_write_header(muxer, options.address()));
}

Result<void> CodecEncoder::encode(const AVFrame* frame) {
  HEARTH_TRY(check(avcodec_send_frame(encoder_.get(), frame)));
  for (;;) {
    const int got = avcodec_receive_packet(encoder_.get(), packet_.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return {};
    HEARTH_TRY(check(got));
    packet_->stream_index = 0;
    av_packet_rescale_ts(packet_.get(), encoder_->time_base, muxer_->streams[0]->time_base);
    HEARTH_TRY(check(av_write_frame(muxer_.get(), packet_.get())));
    av_packet_unref(packet_.get());
  }
}

// Converted samples into the fifo, which cuts them into the encoder's blocks.
Result<void> CodecEncoder::queue() {
  const int count = static_cast<int>(converted_.size()) / av_get_bytes_per_sample(encoder_->sample_fmt);
  void* data = converted_.data();
  const int written = count == 0 ? 0 : av_audio_fifo_write(fifo_.get(), &data, count);
  converted_.clear();
  return check(written);
}

Result<void> CodecEncoder::encode_queued(int at_least) {
  const int block = encoder_->frame_size > 0 ? encoder_->frame_size : 1024;
  while (av_audio_fifo_size(fifo_.get()) >= at_least) {
    av_frame_unref(frame_.get());
    frame_->nb_samples = std::min(block, av_audio_fifo_size(fifo_.get()));
    frame_->format = encoder_->sample_fmt;
    frame_->sample_rate = encoder_->sample_rate;
    frame_->pts = next_pts_;
    av_channel_layout_default(&frame_->ch_layout, 1);
    HEARTH_TRY(check(av_frame_get_buffer(frame_.get(), 0)));
    HEARTH_TRY(
        check(av_audio_fifo_read(fifo_.get(), reinterpret_cast<void**>(frame_->extended_data), frame_->nb_samples)));
    next_pts_ += frame_->nb_samples;
    HEARTH_TRY(encode(frame_.get()));
  }
  return {};
}

Result<void> CodecEncoder::add(std::span<const std::int16_t> samples) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(samples.data());
  HEARTH_TRY(resampler_.convert(in_, &data, static_cast<int>(samples.size()), converted_));
  HEARTH_TRY(queue());
  HEARTH_TRY(encode_queued(encoder_->frame_size > 0 ? encoder_->frame_size : 1024));
  avio_flush(io_.get());
  return check(0);
}

Result<void> CodecEncoder::finish() {
  HEARTH_TRY(resampler_.flush(converted_));
  HEARTH_TRY(queue());
  HEARTH_TRY(encode_queued(1));
  HEARTH_TRY(encode(nullptr));
  HEARTH_TRY(check(av_write_trailer(muxer_.get())));
  avio_flush(io_.get());
  return check(0);
}

}  // namespace

Result<std::unique_ptr<AudioEncoder>> create_codec_encoder(const AudioEncodeRequest& request, ByteSink sink) {
  const Recipe how = recipe(request.format);
  const AVCodec* codec = avcodec_find_encoder_by_name(how.encoder);
  if (codec == nullptr) return fail(Errc::unsupported, fmt::format("this FFmpeg was built without {}", how.encoder));
  const int rate = request.out_rate == 0 ? natural_rate(*codec, request.format, request.rate) : request.out_rate;
  if (!knows_rate(*codec, rate))
    return fail(Errc::invalid_argument,
                fmt::format("out_rate {} is not one that this format knows: {}", rate, known_rates(*codec)));
  const AVSampleFormat format = sample_format(*codec);
  auto encoder = std::make_unique<CodecEncoder>(request.rate, rate, format, std::move(sink));
  HEARTH_TRY(encoder->open(*codec, format, how, rate, request.bitrate));
  return encoder;
}

}  // namespace hearth::media
