// FFmpeg's objects with owners.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/frame.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <cstdint>
#include <memory>

namespace hearth::media {

// Calls FFmpeg's freeing function, which wants the address of the pointer.
template <auto Free>
struct AvFree {
  template <typename T>
  void operator()(T* p) const {
    Free(&p);
  }
};
struct AvIoFree {
  void operator()(AVIOContext* io) const {
    av_freep(&io->buffer);  // FFmpeg may have replaced the buffer it was given
    avio_context_free(&io);
  }
};
struct SwsFree {
  void operator()(SwsContext* c) const { sws_freeContext(c); }
};
struct FifoFree {
  void operator()(AVAudioFifo* f) const { av_audio_fifo_free(f); }
};

using AvFrame = std::unique_ptr<AVFrame, AvFree<av_frame_free>>;
using AvPacket = std::unique_ptr<AVPacket, AvFree<av_packet_free>>;
using AvCodecContext = std::unique_ptr<AVCodecContext, AvFree<avcodec_free_context>>;
using AvInputContext = std::unique_ptr<AVFormatContext, AvFree<avformat_close_input>>;
using AvSwr = std::unique_ptr<SwrContext, AvFree<swr_free>>;
using AvIo = std::unique_ptr<AVIOContext, AvIoFree>;
using AvSws = std::unique_ptr<SwsContext, SwsFree>;
using AvFifo = std::unique_ptr<AVAudioFifo, FifoFree>;

// Owns the options that an FFmpeg call takes and leaves.
class AvOptions {
 public:
  AvOptions() = default;
  ~AvOptions() { av_dict_free(&dict_); }
  AvOptions(const AvOptions&) = delete;
  AvOptions& operator=(const AvOptions&) = delete;
  void set(const char* name, std::int64_t value) { av_dict_set_int(&dict_, name, value, 0); }
  void set(const char* name, const char* value) { av_dict_set(&dict_, name, value, 0); }
  AVDictionary** address() { return &dict_; }

 private:
  AVDictionary* dict_ = nullptr;
};

// FFmpeg's own pixel limit counts a frame with its alignment: what is allowed has to pass with that added.
constexpr std::int64_t padded_pixels(std::uint64_t pixels) {
  return static_cast<std::int64_t>(pixels + pixels / 4 + 65'536);
}

}  // namespace hearth::media
