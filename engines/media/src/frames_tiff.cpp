// TIFF by libtiff: what scanners make (fax, LZW, JPEG inside, many pages) is more than FFmpeg's decoder knows.
#include "errors.h"
#include "frames.h"
#include "tiff_file.h"

#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <vector>

namespace hearth::media {
namespace {

constexpr std::uint32_t kMaxStripBytes = 64U << 20;
constexpr double kCmPerInch = 2.54;

double dpi_of(TIFF* tiff) {
  float resolution = 0;
  std::uint16_t unit = RESUNIT_INCH;
  if (TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &resolution) == 0) return 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
  if (!(resolution > 0 && resolution < 100'000)) return 0;
  return unit == RESUNIT_CENTIMETER ? resolution * kCmPerInch : unit == RESUNIT_INCH ? resolution : 0;
}

bool is_gray(TIFF* tiff) {
  std::uint16_t photometric = PHOTOMETRIC_RGB;
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  return photometric == PHOTOMETRIC_MINISWHITE || photometric == PHOTOMETRIC_MINISBLACK;
}

// libtiff's pixels: alpha is already multiplied in, so white is added for what is missing of it.
Picture laid_on_white(const std::vector<std::uint32_t>& raster, Size size, std::uint32_t channels) {
  Picture out(size.width, size.height, channels);
  std::uint8_t* to = out.row(0);
  for (const std::uint32_t abgr : raster) {
    const std::uint32_t white = 255 - TIFFGetA(abgr);
    const auto lay = [&](std::uint32_t c) { return static_cast<std::uint8_t>(std::min(255U, c + white)); };
    *to++ = lay(TIFFGetR(abgr));
    if (channels == 1) continue;
    *to++ = lay(TIFFGetG(abgr));
    *to++ = lay(TIFFGetB(abgr));
  }
  return out;
}

Orientation orientation_of(TIFF* tiff) {
  std::uint16_t value = ORIENTATION_TOPLEFT;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &value);
  return value >= 1 && value <= 8 ? static_cast<Orientation>(value) : Orientation::upright;
}

Result<Picture> decode_page(TIFF* tiff, Size size) {
  char why[1024] = {};
  if (TIFFRGBAImageOK(tiff, why) == 0)
    return fail(MediaErrc::unsupported_media, "this kind of TIFF is not read here: save it as PNG or plain TIFF");
  std::vector<std::uint32_t> raster(std::size_t{size.width} * size.height);
  const Orientation orientation = orientation_of(tiff);
  // Asked for the orientation that it is stored in, libtiff moves no pixels; upright() knows all eight cases.
  if (TIFFReadRGBAImageOriented(tiff, size.width, size.height, raster.data(), static_cast<int>(orientation), 0) == 0)
    return fail(MediaErrc::corrupt_media, "the TIFF page is damaged or cut off");
  return laid_on_white(raster, size, is_gray(tiff) ? 1 : 3);
}

Result<void> send_page(const FramesJob& job, TIFF* tiff, kit::FrameHeader header) {
  const std::uint32_t page = header.number;
  if (TIFFSetDirectory(tiff, page) == 0)
    return fail(MediaErrc::corrupt_media, fmt::format("page {} of the TIFF is damaged", page));
  Size size{0, 0};
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &size.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &size.height);
  if (size.width == 0 || size.height == 0) return fail(MediaErrc::corrupt_media, "the TIFF page has no size");
  HEARTH_TRY_ASSIGN(const auto lease, admit_picture(job, size.width, size.height));
  const bool tiled = TIFFIsTiled(tiff) != 0;
  if ((tiled ? TIFFTileSize64(tiff) : TIFFStripSize64(tiff)) >
      std::max<std::uint64_t>(kMaxStripBytes, job.request.max_pixels * 4))
    return fail(MediaErrc::image_too_large, "the TIFF's strips are too large to decode");
  HEARTH_TRY_ASSIGN(Picture picture, decode_page(tiff, size));
  const Orientation orientation = orientation_of(tiff);
  HEARTH_TRY_ASSIGN(picture, scaled(std::move(picture), bounded(size, job.request.max_side)));
  header.dpi = dpi_of(tiff) * static_cast<double>(picture.width()) / size.width;
  return job.sink.frame(header, upright(std::move(picture), orientation));
}

}  // namespace

Result<void> frames_of_tiff(const FramesJob& job) {
  HEARTH_TRY_ASSIGN(const TiffFile file, TiffFile::open(job.body, job.budget.total()));
  const std::uint32_t count = file.pages();
  HEARTH_TRY_ASSIGN(const auto pages, job.request.pages ? job.request.pages->select(count, job.request.max_frames)
                                                        : PageList::all(count, job.request.max_frames));
  kit::FrameHeader header;
  header.total = count;
  header.kind = count == 1 ? "image" : "page";
  for (const std::uint32_t page : pages) {
    if (job.watch.should_stop()) return fail(Errc::cancelled, "the client left");
    header.number = page;
    HEARTH_TRY(send_page(job, file.get(), header));
    ++header.index;
  }
  return {};
}

}  // namespace hearth::media
