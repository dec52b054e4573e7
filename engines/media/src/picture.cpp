#include "picture.h"

#include "errors.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace hearth::media {
namespace {

constexpr std::size_t kOverrun = 64;  // libswscale's vector code reads and writes this much past the last row

bool palette_has(const AVFrame& frame, auto predicate) {
  const auto* palette = reinterpret_cast<const std::uint32_t*>(frame.data[1]);
  return std::any_of(palette, palette + AVPALETTE_COUNT, predicate);
}

bool has_alpha(const AVFrame& frame, const AVPixFmtDescriptor& format) {
  if ((format.flags & AV_PIX_FMT_FLAG_PAL) != 0)
    return palette_has(frame, [](std::uint32_t argb) { return argb >> 24U != 0xFFU; });
  return (format.flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
}

bool is_gray(const AVPixFmtDescriptor& format) {
  constexpr std::uint64_t kColour = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BAYER;
  return format.nb_components <= 2 && (format.flags & kColour) == 0;
}

// One conversion by libswscale into `out`, which has the size and layout wanted.
Result<void> convert(const AVFrame& frame, AVPixelFormat to, Size size, std::uint8_t* out, int out_stride) {
  const bool same_size = std::cmp_equal(frame.width, size.width) && std::cmp_equal(frame.height, size.height);
  const bool smaller = std::cmp_greater(frame.width, size.width) || std::cmp_greater(frame.height, size.height);
  const int method = same_size ? SWS_BILINEAR : smaller ? SWS_AREA : SWS_BICUBIC;
  const AvSws sws(sws_getContext(frame.width, frame.height, static_cast<AVPixelFormat>(frame.format),
                                 static_cast<int>(size.width), static_cast<int>(size.height), to,
                                 method | SWS_FULL_CHR_H_INT | SWS_ACCURATE_RND, nullptr, nullptr, nullptr));
  if (!sws) return fail(MediaErrc::corrupt_media, "pixels of this format cannot be converted");
  int* inverse = nullptr;
  int* table = nullptr;
  int from_full = 0;
  int to_full = 0;
  int brightness = 0;
  int contrast = 0;
  int saturation = 0;
  if (sws_getColorspaceDetails(sws.get(), &inverse, &from_full, &table, &to_full, &brightness, &contrast,
                               &saturation) >= 0) {
    if (frame.color_range == AVCOL_RANGE_JPEG) from_full = 1;
    const int space = frame.colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : static_cast<int>(frame.colorspace);
    sws_setColorspaceDetails(sws.get(), sws_getCoefficients(space), from_full, table, to_full, brightness, contrast,
                             saturation);
  }
  std::array<std::uint8_t*, 4> planes{out, nullptr, nullptr, nullptr};
  std::array<int, 4> strides{out_stride, 0, 0, 0};
  const int rows = sws_scale(sws.get(), frame.data, frame.linesize, 0, frame.height, planes.data(), strides.data());
  if (std::cmp_not_equal(rows, size.height)) return fail(MediaErrc::corrupt_media, "the pixels cannot be converted");
  return {};
}

// RGBA rows, laid on white, into `out`.
void lay_on_white(const std::uint8_t* rgba, std::size_t rgba_stride, Picture& out) {
  for (std::uint32_t y = 0; y < out.height(); ++y) {
    const std::uint8_t* from = rgba + rgba_stride * y;
    std::uint8_t* to = out.row(y);
    for (std::uint32_t x = 0; x < out.width(); ++x, from += 4, to += out.channels()) {
      const unsigned alpha = from[3];
      const unsigned white = 255 * (255 - alpha) + 127;
      for (std::uint32_t c = 0; c < out.channels(); ++c)
        to[c] = static_cast<std::uint8_t>((from[c] * alpha + white) / 255);
    }
  }
}

Result<Picture> opaque(const AVFrame& frame, std::uint32_t channels) {
  const Size size{static_cast<std::uint32_t>(frame.width), static_cast<std::uint32_t>(frame.height)};
  Picture out(size.width, size.height, channels);
  if (frame.format == AV_PIX_FMT_RGBA) {
    lay_on_white(frame.data[0], static_cast<std::size_t>(frame.linesize[0]), out);
    return out;
  }
  const std::size_t stride = std::size_t{size.width} * 4;
  const auto rgba = std::make_unique_for_overwrite<std::uint8_t[]>(stride * size.height + kOverrun);
  HEARTH_TRY(convert(frame, AV_PIX_FMT_RGBA, size, rgba.get(), static_cast<int>(stride)));
  lay_on_white(rgba.get(), stride, out);
  return out;
}

// Where pixel (x, y) of the upright picture is found in the stored one.
struct Source {
  bool swap;    // rows become columns
  bool flip_x;  // of the stored picture
  bool flip_y;
};
Source source_of(Orientation o) {
  switch (o) {
    case Orientation::mirrored:
      return {false, true, false};
    case Orientation::half_turn:
      return {false, true, true};
    case Orientation::upside_down_mirrored:
      return {false, false, true};
    case Orientation::transposed:
      return {true, false, false};
    case Orientation::quarter_right:
      return {true, false, true};
    case Orientation::transversed:
      return {true, true, true};
    case Orientation::quarter_left:
      return {true, true, false};
    case Orientation::upright:
      break;
  }
  return {false, false, false};
}

}  // namespace

Picture::Picture(std::uint32_t width, std::uint32_t height, std::uint32_t channels)
    : width_(width),
      height_(height),
      channels_(channels),
      pixels_(std::make_unique_for_overwrite<std::uint8_t[]>(size() + kOverrun)) {}

Size bounded(Size size, std::uint32_t max_side) {
  const std::uint32_t longer = std::max(size.width, size.height);
  if (max_side == 0 || longer <= max_side) return size;
  const double factor = static_cast<double>(max_side) / longer;
  const auto shrink = [&](std::uint32_t n) {
    return std::max(1U, static_cast<std::uint32_t>(std::lround(n * factor)));
  };
  return {shrink(size.width), shrink(size.height)};
}

Result<Picture> to_picture(const AVFrame& frame, std::uint32_t max_side) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  if (format == nullptr || frame.width <= 0 || frame.height <= 0)
    return fail(MediaErrc::corrupt_media, "the decoder gave no picture");
  const std::uint32_t channels = is_gray(*format) ? 1 : 3;
  Size square{static_cast<std::uint32_t>(frame.width), static_cast<std::uint32_t>(frame.height)};
  const double aspect = av_q2d(frame.sample_aspect_ratio.den == 0 ? AVRational{1, 1} : frame.sample_aspect_ratio);
  if (aspect > 0.2 && aspect < 5)
    square.width = std::max(1U, static_cast<std::uint32_t>(std::lround(square.width * aspect)));
  const Size size = bounded(square, max_side);
  if (has_alpha(frame, *format)) {
    HEARTH_TRY_ASSIGN(Picture laid, opaque(frame, channels));
    return scaled(std::move(laid), size);
  }
  Picture out(size.width, size.height, channels);
  HEARTH_TRY(convert(frame, channels == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB24, size, out.row(0),
                     static_cast<int>(out.stride())));
  return out;
}

Result<Picture> scaled(Picture picture, Size size) {
  if (picture.width() == size.width && picture.height() == size.height) return picture;
  AVFrame frame{};
  frame.width = static_cast<int>(picture.width());
  frame.height = static_cast<int>(picture.height());
  frame.format = picture.channels() == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB24;
  frame.colorspace = AVCOL_SPC_UNSPECIFIED;
  frame.data[0] = picture.row(0);
  frame.linesize[0] = static_cast<int>(picture.stride());
  Picture out(size.width, size.height, picture.channels());
  HEARTH_TRY(
      convert(frame, static_cast<AVPixelFormat>(frame.format), size, out.row(0), static_cast<int>(out.stride())));
  return out;
}

Picture upright(Picture picture, Orientation orientation) {
  if (orientation == Orientation::upright) return picture;
  const Source source = source_of(orientation);
  const std::uint32_t channels = picture.channels();
  Picture out(source.swap ? picture.height() : picture.width(), source.swap ? picture.width() : picture.height(),
              channels);
  for (std::uint32_t y = 0; y < out.height(); ++y) {
    std::uint8_t* to = out.row(y);
    for (std::uint32_t x = 0; x < out.width(); ++x, to += channels) {
      std::uint32_t from_x = source.swap ? y : x;
      std::uint32_t from_y = source.swap ? x : y;
      if (source.flip_x) from_x = picture.width() - 1 - from_x;
      if (source.flip_y) from_y = picture.height() - 1 - from_y;
      std::memcpy(to, picture.row(from_y) + std::size_t{from_x} * channels, channels);
    }
  }
  return out;
}

Picture gray_if_colourless(Picture picture) {
  if (picture.channels() == 1) return picture;
  const std::uint8_t* p = picture.row(0);
  const std::size_t count = std::size_t{picture.width()} * picture.height();
  for (std::size_t i = 0; i < count; ++i)
    if (p[i * 3] != p[i * 3 + 1] || p[i * 3] != p[i * 3 + 2]) return picture;
  Picture out(picture.width(), picture.height(), 1);
  std::uint8_t* to = out.row(0);
  for (std::size_t i = 0; i < count; ++i) to[i] = p[i * 3];
  return out;
}

}  // namespace hearth::media
