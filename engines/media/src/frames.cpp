#include "frames.h"

#include "errors.h"

#include <fmt/format.h>

#include <array>

namespace hearth::media {
namespace {

// A decoded picture of up to 4 bytes a pixel, an intermediate one while it is converted, and the result.
constexpr std::uint64_t kBytesPerPixel = 8;

}  // namespace

std::unexpected<Error> image_too_large(std::uint64_t width, std::uint64_t height, std::uint64_t limit) {
  return fail(MediaErrc::image_too_large,
              fmt::format("{}×{} pixels are over the limit of {:.1f} megapixels (max_pixels): scale it down first",
                          width, height, static_cast<double>(limit) / 1e6));
}

Result<MemoryBudget::Lease> admit_picture(const FramesJob& job, std::uint64_t width, std::uint64_t height) {
  const std::uint64_t limit = job.request.max_pixels;
  if (width > limit || height > limit || width * height > limit) return image_too_large(width, height, limit);
  return job.budget.take(width * height * kBytesPerPixel, job.watch);
}

Result<void> expect_single_page(const FramesRequest& request) {
  if (!request.pages) return {};
  HEARTH_TRY(request.pages->select(1, request.max_frames));
  return {};
}

Result<void> read_frames(const FramesJob& job) {
  if (job.body.size() == 0) return fail(MediaErrc::empty_file, "the file is empty");
  std::array<char, 1024> start;  // NOLINT(cppcoreguidelines-pro-type-member-init): read_at() fills it
  HEARTH_TRY_ASSIGN(const std::size_t n, job.body.read_at(0, start));
  const FileKind kind = file_kind({start.data(), n});
  switch (kind) {
    case FileKind::pdf:
      return frames_of_pdf(job);
    case FileKind::tiff:
      return frames_of_tiff(job);
    case FileKind::heif:
      return fail(MediaErrc::unsupported_media, "HEIC and AVIF pictures are not read here: send it as JPEG or PNG");
    case FileKind::png:
    case FileKind::jpeg:
    case FileKind::bmp:
    case FileKind::webp:
      return frames_of_still(job, kind);
    case FileKind::gif: {
      const ImageHeader header = read_image_header(kind, {start.data(), n});
      const std::uint64_t pixels = std::uint64_t{header.width} * header.height;
      if (pixels > job.request.max_pixels) return image_too_large(header.width, header.height, job.request.max_pixels);
      break;
    }
    case FileKind::other:
      break;
  }
  return frames_of_stream(job);
}

}  // namespace hearth::media
