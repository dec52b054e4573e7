#include "av.h"
#include "fixtures.h"

extern "C" {
#include <libavutil/display.h>
}

#include <array>
#include <cmath>
#include <stdexcept>

namespace hearth::media::testing {
namespace {

constexpr int kRate = 48000;
constexpr int kFps = 10;
constexpr int kWidth = 64;
constexpr int kHeight = 48;

void must(int code) {
  if (code < 0) throw std::runtime_error("a fixture could not be made: " + std::to_string(code));
}

// A file in memory that a muxer writes, going back where it has to.
struct Memory {
  std::string bytes;
  std::size_t at = 0;
  static int write(void* self, std::uint8_t* from, int size) {
    auto* m = static_cast<Memory*>(self);
    const auto n = static_cast<std::size_t>(size);
    if (m->bytes.size() < m->at + n) m->bytes.resize(m->at + n);
    std::copy_n(from, n, reinterpret_cast<std::uint8_t*>(m->bytes.data()) + m->at);
    m->at += n;
    return size;
  }
  static std::int64_t seek(void* self, std::int64_t offset, int whence) {
    auto* m = static_cast<Memory*>(self);
    if ((whence & AVSEEK_SIZE) != 0) return static_cast<std::int64_t>(m->bytes.size());
    const std::int64_t base = whence == SEEK_CUR   ? static_cast<std::int64_t>(m->at)
                              : whence == SEEK_END ? static_cast<std::int64_t>(m->bytes.size())
                                                   : 0;
    m->at = static_cast<std::size_t>(base + offset);
    return base + offset;
  }
};

struct Writer {
  AVFormatContext* muxer = nullptr;
  AvPacket packet{av_packet_alloc()};
  Memory memory;
  AvIo io;

  explicit Writer(const char* format) {
    constexpr int kBuffer = 4096;
    must(avformat_alloc_output_context2(&muxer, nullptr, format, nullptr));
    io.reset(avio_alloc_context(static_cast<unsigned char*>(av_malloc(kBuffer)), kBuffer, 1, &memory, nullptr,
                                Memory::write, Memory::seek));
    muxer->pb = io.get();
  }
  ~Writer() { avformat_free_context(muxer); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  std::string finish() {
    must(av_write_trailer(muxer));
    avio_flush(io.get());
    return std::move(memory.bytes);
  }

  AVStream* add(AVCodecContext* encoder) const {
    AVStream* stream = avformat_new_stream(muxer, nullptr);
    must(avcodec_parameters_from_context(stream->codecpar, encoder));
    stream->time_base = encoder->time_base;
    return stream;
  }
  void encode(AVCodecContext* encoder, const AVStream* stream, const AVFrame* frame) const {
    must(avcodec_send_frame(encoder, frame));
    for (;;) {
      const int got = avcodec_receive_packet(encoder, packet.get());
      if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
      must(got);
      packet->stream_index = stream->index;
      if (packet->duration == 0 && encoder->codec_type == AVMEDIA_TYPE_VIDEO) packet->duration = 1;
      av_packet_rescale_ts(packet.get(), encoder->time_base, stream->time_base);
      must(av_interleaved_write_frame(muxer, packet.get()));
    }
  }
};

// One that write_tone() can fill.
AVSampleFormat sample_format(const AVCodec& codec) {
  for (const AVSampleFormat* f = codec.sample_fmts; *f != AV_SAMPLE_FMT_NONE; ++f)
    if (*f == AV_SAMPLE_FMT_S16 || *f == AV_SAMPLE_FMT_S16P || *f == AV_SAMPLE_FMT_FLT || *f == AV_SAMPLE_FMT_FLTP)
      return *f;
  throw std::runtime_error("a fixture could not be made: no sample format");
}

void place_headers(AVCodecContext* encoder, const AVFormatContext* muxer) {
  if ((muxer->oformat->flags & AVFMT_GLOBALHEADER) != 0) encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
}

AvCodecContext audio_encoder(const char* name, const AVFormatContext* muxer) {
  const AVCodec* codec = avcodec_find_encoder_by_name(name);
  AvCodecContext encoder(avcodec_alloc_context3(codec));
  encoder->sample_rate = kRate;
  encoder->sample_fmt = sample_format(*codec);
  encoder->time_base = {1, kRate};
  place_headers(encoder.get(), muxer);
  encoder->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
  av_channel_layout_default(&encoder->ch_layout, 2);
  must(avcodec_open2(encoder.get(), codec, nullptr));
  return encoder;
}

AvCodecContext video_encoder(const char* name, const AVFormatContext* muxer) {
  const AVCodec* codec = avcodec_find_encoder_by_name(name);
  AvCodecContext encoder(avcodec_alloc_context3(codec));
  encoder->width = kWidth;
  encoder->height = kHeight;
  encoder->pix_fmt = AV_PIX_FMT_YUV420P;
  encoder->time_base = {1, kFps};
  encoder->framerate = {kFps, 1};
  encoder->gop_size = 5;
  place_headers(encoder.get(), muxer);
  must(avcodec_open2(encoder.get(), codec, nullptr));
  return encoder;
}

void write_tone(const Writer& writer, AVCodecContext* encoder, const AVStream* stream, double seconds) {
  const auto total = static_cast<std::int64_t>(seconds * kRate);
  const int block = encoder->frame_size > 0 ? encoder->frame_size : 1024;
  const std::vector<std::int16_t> tone = sine(440, kRate, seconds);
  for (std::int64_t at = 0; at < total; at += block) {
    const AvFrame frame(av_frame_alloc());
    frame->nb_samples = static_cast<int>(std::min<std::int64_t>(block, total - at));
    frame->format = encoder->sample_fmt;
    frame->sample_rate = kRate;
    frame->pts = at;
    av_channel_layout_copy(&frame->ch_layout, &encoder->ch_layout);
    must(av_frame_get_buffer(frame.get(), 0));
    const bool planar = av_sample_fmt_is_planar(encoder->sample_fmt) != 0;
    const bool real = encoder->sample_fmt == AV_SAMPLE_FMT_FLTP || encoder->sample_fmt == AV_SAMPLE_FMT_FLT;
    for (int i = 0; i < frame->nb_samples; ++i) {
      for (int c = 0; c < 2; ++c) {
        std::uint8_t* plane = planar ? frame->extended_data[c] : frame->extended_data[0];
        const int index = planar ? i : i * 2 + c;
        const std::int16_t value = tone[static_cast<std::size_t>(at + i)];
        if (real)
          reinterpret_cast<float*>(plane)[index] = static_cast<float>(value) / 32768.0F;
        else
          reinterpret_cast<std::int16_t*>(plane)[index] = value;
      }
    }
    writer.encode(encoder, stream, frame.get());
  }
  writer.encode(encoder, stream, nullptr);
}

void write_pictures(const Writer& writer, AVCodecContext* encoder, const AVStream* stream, double seconds) {
  for (int i = 0; i < static_cast<int>(seconds * kFps); ++i) {
    const AvFrame frame(av_frame_alloc());
    frame->width = kWidth;
    frame->height = kHeight;
    frame->format = encoder->pix_fmt;
    frame->pts = i;
    must(av_frame_get_buffer(frame.get(), 0));
    const int level = 40 * (i / kFps + 1);
    std::fill_n(frame->data[0], frame->linesize[0] * kHeight, static_cast<std::uint8_t>(16 + level * 219 / 255));
    std::fill_n(frame->data[1], frame->linesize[1] * kHeight / 2, std::uint8_t{128});
    std::fill_n(frame->data[2], frame->linesize[2] * kHeight / 2, std::uint8_t{128});
    writer.encode(encoder, stream, frame.get());
  }
  writer.encode(encoder, stream, nullptr);
}

}  // namespace

std::string container(const ContainerSpec& spec) {
  Writer writer(spec.muxer);
  AvCodecContext audio;
  AvCodecContext video;
  AVStream* audio_stream = nullptr;
  AVStream* video_stream = nullptr;
  if (spec.video_codec != nullptr) {
    video = video_encoder(spec.video_codec, writer.muxer);
    video_stream = writer.add(video.get());
    if (spec.quarter_turns != 0) {
      auto* matrix = av_stream_new_side_data(video_stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(std::int32_t));
      av_display_rotation_set(reinterpret_cast<std::int32_t*>(matrix), -90.0 * spec.quarter_turns);
    }
  }
  if (spec.audio_codec != nullptr) {
    audio = audio_encoder(spec.audio_codec, writer.muxer);
    audio_stream = writer.add(audio.get());
  }
  must(avformat_write_header(writer.muxer, nullptr));
  if (video) write_pictures(writer, video.get(), video_stream, spec.seconds);
  if (audio) write_tone(writer, audio.get(), audio_stream, spec.seconds);
  return writer.finish();
}

std::string animated_gif(int count) {
  Writer writer("gif");
  const AVCodec* codec = avcodec_find_encoder_by_name("gif");
  AvCodecContext encoder(avcodec_alloc_context3(codec));
  encoder->width = 16;
  encoder->height = 8;
  encoder->pix_fmt = AV_PIX_FMT_RGB8;
  encoder->time_base = {1, kFps};
  must(avcodec_open2(encoder.get(), codec, nullptr));
  const AVStream* stream = writer.add(encoder.get());
  must(avformat_write_header(writer.muxer, nullptr));
  for (int i = 0; i < count; ++i) {
    const AvFrame frame(av_frame_alloc());
    frame->width = 16;
    frame->height = 8;
    frame->format = AV_PIX_FMT_RGB8;
    frame->pts = i;
    must(av_frame_get_buffer(frame.get(), 0));
    // RGB8 has 3 bits of red on top: the pictures differ in red alone.
    std::fill_n(frame->data[0], frame->linesize[0] * 8, static_cast<std::uint8_t>(i << 5));
    writer.encode(encoder.get(), stream, frame.get());
  }
  writer.encode(encoder.get(), stream, nullptr);
  return writer.finish();
}

}  // namespace hearth::media::testing
