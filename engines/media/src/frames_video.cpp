// What libavformat reads as a stream of pictures: videos, of which one picture each few seconds is taken, and
// animations and rare image formats, of which the first or the chosen ones are.
#include "errors.h"
#include "frames.h"
#include "input.h"

extern "C" {
#include <libavutil/display.h>
}

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hearth::media {
namespace {

constexpr std::uint64_t kReferencePictures = 12;  // that a decoder holds, 1.5 bytes a pixel as a rule
constexpr double kSkipUnneeded = 0.5;             // s before a wanted picture from which on every one is decoded
constexpr std::uint32_t kMaxAnimation = 100'000;

// Quarter turns from a container's display matrix.
Orientation stored_orientation(const AVStream& stream) {
  std::size_t size = 0;
  const std::uint8_t* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (matrix == nullptr || size < 9 * sizeof(std::int32_t)) return Orientation::upright;
  const double counterclockwise = av_display_rotation_get(reinterpret_cast<const std::int32_t*>(matrix));
  if (!std::isfinite(counterclockwise)) return Orientation::upright;
  switch ((std::lround(-counterclockwise / 90) % 4 + 4) % 4) {
    case 1:
      return Orientation::quarter_right;
    case 2:
      return Orientation::half_turn;
    case 3:
      return Orientation::quarter_left;
    default:
      return Orientation::upright;
  }
}

// Decoded pictures of one stream, in order.
class Reel {
 public:
  Reel(Input& input, AVStream* stream, AvCodecContext decoder)
      : input_(input),
        stream_(stream),
        decoder_(std::move(decoder)),
        packet_(av_packet_alloc()),
        frame_(av_frame_alloc()),
        half_frame_(half_of_a_frame(input, stream)) {}

  // The next picture at or after `wanted` seconds; nullptr at the end. cancelled, resource_exhausted.
  Result<const AVFrame*> next(double wanted) {
    for (;;) {
      const int got = avcodec_receive_frame(decoder_.get(), frame_.get());
      if (got == AVERROR_EOF) return nullptr;
      if (got == AVERROR(ENOMEM)) return fail_av(got, "the video cannot be decoded");
      if (got >= 0) {
        time_ = seconds(frame_->best_effort_timestamp);
        if (time_ + half_frame_ >= wanted) return frame_.get();
        continue;
      }
      if (draining_) return nullptr;
      HEARTH_TRY_ASSIGN(const bool more, input_.read(stream_, packet_.get()));
      draining_ = !more;
      const bool far = more && wanted - seconds(packet_->pts) > kSkipUnneeded;
      decoder_->skip_frame = far ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
      // A damaged packet is passed over: its error is not the video's.
      const int sent = avcodec_send_packet(decoder_.get(), more ? packet_.get() : nullptr);
      if (sent == AVERROR(ENOMEM)) return fail_av(sent, "the video cannot be decoded");
    }
  }

  // Jumps ahead if the index knows a key frame between here and `wanted` seconds: cheaper than decoding what lies
  // between.
  void skip_to(double wanted) {
    const double base = av_q2d(stream_->time_base);
    const auto target = static_cast<std::int64_t>(std::floor(wanted / base)) + start();
    const AVIndexEntry* key = avformat_index_get_entry_from_timestamp(stream_, target, AVSEEK_FLAG_BACKWARD);
    if (key == nullptr || seconds(key->timestamp) <= time_ + half_frame_) return;
    if (av_seek_frame(input_.context(), stream_->index, target, AVSEEK_FLAG_BACKWARD) < 0) return;
    avcodec_flush_buffers(decoder_.get());
    draining_ = false;
  }

  [[nodiscard]] double time() const { return time_; }
  [[nodiscard]] std::uint32_t number() const {
    return static_cast<std::uint32_t>(std::clamp(std::round(time_ / (2 * half_frame_)), 0.0, 4e9));
  }

 private:
  [[nodiscard]] std::int64_t start() const { return stream_->start_time == AV_NOPTS_VALUE ? 0 : stream_->start_time; }
  [[nodiscard]] double seconds(std::int64_t pts) const {
    if (pts == AV_NOPTS_VALUE) return time_ + 2 * half_frame_;
    return (static_cast<double>(pts) - static_cast<double>(start())) * av_q2d(stream_->time_base);
  }
  static double half_of_a_frame(Input& input, AVStream* stream) {
    const AVRational rate = av_guess_frame_rate(input.context(), stream, nullptr);
    return rate.num <= 0 || rate.den <= 0 ? 0.02 : 0.5 / av_q2d(rate);
  }

  Input& input_;
  AVStream* stream_;
  AvCodecContext decoder_;
  AvPacket packet_;
  AvFrame frame_;
  double time_ = 0;
  double half_frame_;  // seconds
  bool draining_ = false;
};

Result<void> send(const FramesJob& job, kit::FrameHeader& header, const AVFrame& frame, Orientation orientation) {
  HEARTH_TRY_ASSIGN(Picture picture, to_picture(frame, job.request.max_side));
  HEARTH_TRY(job.sink.frame(header, upright(std::move(picture), orientation)));
  ++header.index;
  return {};
}

Result<void> send_video(const FramesJob& job, Reel& reel, Orientation orientation) {
  const double every = job.request.every;
  kit::FrameHeader header;
  header.kind = "video";
  for (double wanted = 0; header.index < job.request.max_frames;) {
    if (header.index > 0) reel.skip_to(wanted);
    HEARTH_TRY_ASSIGN(const AVFrame* const frame, reel.next(wanted));
    if (frame == nullptr) break;
    header.time = std::max(0.0, reel.time());
    header.number = reel.number();
    HEARTH_TRY(send(job, header, *frame, orientation));
    wanted = std::max(wanted + every, std::floor(reel.time() / every) * every);
  }
  if (header.index == 0)
    return fail(MediaErrc::corrupt_media, "no picture could be decoded: the video is damaged or cut off");
  return {};
}

// Pictures in a file, by its packets.
Result<std::uint32_t> count_pictures(const FramesJob& job) {
  HEARTH_TRY_ASSIGN(const auto input, Input::open(job.body, job.watch, job.request.max_pixels));
  AVStream* stream = input->best(AVMEDIA_TYPE_VIDEO);
  const AvPacket packet(av_packet_alloc());
  std::uint32_t count = 0;
  while (stream != nullptr && count < kMaxAnimation) {
    HEARTH_TRY_ASSIGN(const bool more, input->read(stream, packet.get()));
    if (!more) break;
    ++count;
  }
  return std::max(1U, count);
}

Result<void> send_animation(const FramesJob& job, Reel& reel) {
  HEARTH_TRY_ASSIGN(const std::uint32_t count, count_pictures(job));
  std::vector<std::uint32_t> pages{0};
  if (job.request.pages) {
    HEARTH_TRY_ASSIGN(pages, job.request.pages->select(count, job.request.max_frames));
  }
  kit::FrameHeader header;
  header.total = count;
  header.kind = "image";
  std::uint32_t number = 0;
  for (const std::uint32_t page : pages) {
    for (;; ++number) {
      HEARTH_TRY_ASSIGN(const AVFrame* const frame, reel.next(-1e9));
      if (frame == nullptr)
        return fail(MediaErrc::corrupt_media,
                    fmt::format("picture {} is damaged, cut off, or over the limit of {:.1f} megapixels (max_pixels)",
                                number, static_cast<double>(job.request.max_pixels) / 1e6));
      if (number < page) continue;
      header.number = number++;
      header.time = std::max(0.0, reel.time());
      HEARTH_TRY(send(job, header, *frame, Orientation::upright));
      break;
    }
  }
  return {};
}

}  // namespace

Result<void> frames_of_stream(const FramesJob& job) {
  HEARTH_TRY_ASSIGN(const auto input, Input::open(job.body, job.watch, job.request.max_pixels));
  AVStream* stream = input->best(AVMEDIA_TYPE_VIDEO);
  if (stream == nullptr) return fail(MediaErrc::no_video, "there is no picture in this file: it is sound only");
  const auto width = static_cast<std::uint64_t>(std::max(0, stream->codecpar->width));
  const auto height = static_cast<std::uint64_t>(std::max(0, stream->codecpar->height));
  const std::uint64_t limit = job.request.max_pixels;
  if (width * height > limit) return image_too_large(width, height, limit);
  // Sizes that only the decoder finds are bounded by max_pixels.
  const std::uint64_t pixels = width * height == 0 ? limit : width * height;
  const std::uint64_t each = 8 + (input->is_image() ? 4 : kReferencePictures * 3 / 2);
  // A size that nobody states must not ask for more than there is.
  const std::uint64_t need = width * height == 0 ? std::min(pixels * each, job.budget.total()) : pixels * each;
  HEARTH_TRY_ASSIGN(const auto lease, job.budget.take(need, job.watch));
  HEARTH_TRY_ASSIGN(AvCodecContext decoder, input->open_decoder(stream, limit));
  Reel reel(*input, stream, std::move(decoder));
  return input->is_image() ? send_animation(job, reel) : send_video(job, reel, stored_orientation(*stream));
}

}  // namespace hearth::media
