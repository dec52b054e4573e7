// Still images: the file's bytes go to the decoder as one packet, after its header was found acceptable.
#include "errors.h"
#include "frames.h"

#include <hearth/core/units.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace hearth::media {
namespace {

constexpr std::uint64_t kMaxFile = 256ULL << 20;

AVCodecID codec_of(FileKind kind) {
  switch (kind) {
    case FileKind::png:
      return AV_CODEC_ID_PNG;
    case FileKind::jpeg:
      return AV_CODEC_ID_MJPEG;
    case FileKind::bmp:
      return AV_CODEC_ID_BMP;
    default:
      return AV_CODEC_ID_WEBP;
  }
}

void append_le32(std::string& out, std::size_t value) {
  for (unsigned i = 0; i < 4; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
}

// The first picture of an animated WebP as a file of its own, as FFmpeg decodes stills only. An ANMF chunk is 16 bytes
// of position and timing, then the picture's chunks (RFC 9649, 2.7.1.1). Empty when there is none.
std::string first_of_animation(std::string_view file) {
  const auto u32 = [&](std::size_t at) {
    std::size_t v = 0;
    for (unsigned i = 0; i < 4; ++i) v |= std::size_t{static_cast<unsigned char>(file[at + i])} << (8 * i);
    return v;
  };
  for (std::size_t at = 12; at + 8 <= file.size();) {
    const std::size_t length = u32(at + 4);
    if (file.substr(at, 4) != "ANMF") {
      at += 8 + length + (length & 1U);
      continue;
    }
    const std::string_view frame = file.substr(at + 8, length);
    if (frame.size() < 24) return {};
    std::string still = "RIFF";
    const std::string_view pictures = frame.substr(16);
    const bool has_alpha = pictures.starts_with("ALPH");
    append_le32(still, 4 + 18 + pictures.size());
    still += "WEBPVP8X";
    append_le32(still, 10);
    still.push_back(has_alpha ? '\x10' : '\0');
    still.append(3, '\0');
    still += frame.substr(6, 6);  // width and height, less one, 24 bits each
    still += pictures;
    return still;
  }
  return {};
}

Result<AvFrame> decode(AVCodecID id, std::string_view file, std::uint64_t max_pixels) {
  const AVCodec* codec = avcodec_find_decoder(id);
  if (codec == nullptr) return fail(MediaErrc::unsupported_media, "this FFmpeg was built without that decoder");
  const AvCodecContext decoder(avcodec_alloc_context3(codec));
  const AvPacket packet(av_packet_alloc());
  AvFrame frame(av_frame_alloc());
  if (!decoder || !packet || !frame || av_new_packet(packet.get(), static_cast<int>(file.size())) < 0)
    return fail_av(AVERROR(ENOMEM), "the image cannot be decoded");
  std::memcpy(packet->data, file.data(), file.size());
  decoder->thread_count = 1;
  decoder->max_pixels = padded_pixels(max_pixels);
  if (const int opened = avcodec_open2(decoder.get(), codec, nullptr); opened < 0)
    return fail_av(opened, "the image cannot be decoded");
  int got = avcodec_send_packet(decoder.get(), packet.get());
  if (got >= 0) avcodec_send_packet(decoder.get(), nullptr);
  if (got >= 0) got = avcodec_receive_frame(decoder.get(), frame.get());
  if (got < 0) return fail_av(got == AVERROR_EOF ? AVERROR_INVALIDDATA : got, "the image is damaged or cut off");
  return frame;
}

}  // namespace

Result<void> frames_of_still(const FramesJob& job, FileKind kind) {
  if (job.body.size() > kMaxFile)
    return fail(MediaErrc::image_too_large,
                fmt::format("the image file is larger than {}: scale it down first", format_bytes(kMaxFile)));
  HEARTH_TRY(expect_single_page(job.request));
  HEARTH_TRY_ASSIGN(std::string_view file, job.body.view());
  const ImageHeader header = read_image_header(kind, file);
  if (header.width == 0 || header.height == 0)
    return fail(MediaErrc::corrupt_media, "the image is damaged or cut off: it has no size");
  HEARTH_TRY_ASSIGN(const auto lease, admit_picture(job, header.width, header.height));
  std::string still;
  if (kind == FileKind::webp && header.animated) {
    still = first_of_animation(file);
    file = still;
  }
  HEARTH_TRY_ASSIGN(const AvFrame frame, decode(codec_of(kind), file, job.request.max_pixels));
  frame->sample_aspect_ratio = {0, 1};  // stills are shown as they are; density tags disagree too often
  HEARTH_TRY_ASSIGN(Picture picture, to_picture(*frame, job.request.max_side));
  const double factor =
      static_cast<double>(std::max(picture.width(), picture.height())) / std::max(frame->width, frame->height);
  picture = upright(std::move(picture), header.orientation);
  kit::FrameHeader out;
  out.total = 1;
  out.kind = "image";
  out.dpi = header.dpi * factor;
  return job.sink.frame(out, picture);
}

}  // namespace hearth::media
