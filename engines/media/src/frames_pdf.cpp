// PDF pages by poppler, each drawn on white.
#include "errors.h"
#include "frames.h"
#include "pdf_file.h"

#include <fmt/format.h>
#include <poppler-image.h>
#include <poppler-page-renderer.h>
#include <poppler-page.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace hearth::media {
namespace {

constexpr double kPointsPerInch = 72;
constexpr double kMinDpi = 20;  // below this nothing on a page can be recognised

// The resolution at which a page of this size keeps to the request's limits; image_too_large if none does.
Result<double> fitting_dpi(double width_pt, double height_pt, const FramesRequest& request) {
  if (!(width_pt > 0) || !(height_pt > 0) || !std::isfinite(width_pt * height_pt))
    return fail(MediaErrc::corrupt_media, "a page of the PDF has no size");
  // Half a pixel a side is kept for the rounding up that the renderer does.
  const double by_pixels = std::sqrt(static_cast<double>(request.max_pixels) / (width_pt * height_pt)) * kPointsPerInch;
  double dpi = std::min(request.dpi, by_pixels * 0.999);
  if (request.max_side > 0)
    dpi = std::min(dpi, (request.max_side - 0.5) / std::max(width_pt, height_pt) * kPointsPerInch);
  if (dpi >= std::min(kMinDpi, request.dpi) || request.max_side > 0) return dpi;
  return fail(MediaErrc::image_too_large,
              fmt::format("a page of {:.0f}×{:.0f} inches cannot be drawn within {:.1f} megapixels (max_pixels)",
                          width_pt / kPointsPerInch, height_pt / kPointsPerInch,
                          static_cast<double>(request.max_pixels) / 1e6));
}

Result<Picture> copied(const poppler::image& image) {
  if (!image.is_valid() || image.width() <= 0 || image.height() <= 0 || image.format() != poppler::image::format_rgb24)
    return fail(MediaErrc::corrupt_media, "a page of the PDF cannot be drawn");
  Picture picture(static_cast<std::uint32_t>(image.width()), static_cast<std::uint32_t>(image.height()), 3);
  for (std::uint32_t y = 0; y < picture.height(); ++y)
    std::memcpy(picture.row(y), image.const_data() + static_cast<std::size_t>(image.bytes_per_row()) * y,
                picture.stride());
  return picture;
}

Result<Picture> draw(const poppler::page& page, double dpi) {
  poppler::page_renderer renderer;
  renderer.set_image_format(poppler::image::format_rgb24);
  renderer.set_paper_color(0xFFFFFFFF);
  renderer.set_render_hint(poppler::page_renderer::antialiasing);
  renderer.set_render_hint(poppler::page_renderer::text_antialiasing);
  return copied(renderer.render_page(&page, dpi, dpi));
}

Result<void> send_page(const FramesJob& job, const PdfFile& file, kit::FrameHeader header) {
  const auto page = file.page(header.number);
  if (!page) return fail(MediaErrc::corrupt_media, fmt::format("page {} of the PDF is damaged", header.number));
  const poppler::rectf box = page->page_rect();
  HEARTH_TRY_ASSIGN(header.dpi, fitting_dpi(std::abs(box.width()), std::abs(box.height()), job.request));
  const auto pixels = [&](double points) {
    return static_cast<std::uint64_t>(std::ceil(std::abs(points) * header.dpi / kPointsPerInch));
  };
  const std::uint64_t width = std::max<std::uint64_t>(1, pixels(box.width()));
  const std::uint64_t height = std::max<std::uint64_t>(1, pixels(box.height()));
  HEARTH_TRY_ASSIGN(const auto lease, admit_picture(job, width, height));
  HEARTH_TRY_ASSIGN(Picture picture, draw(*page, header.dpi));
  return job.sink.frame(header, gray_if_colourless(std::move(picture)));
}

}  // namespace

Result<void> frames_of_pdf(const FramesJob& job) {
  HEARTH_TRY_ASSIGN(const PdfFile file, PdfFile::open(job.body, job.request.password));
  if (file.locked())
    return fail(MediaErrc::encrypted_pdf,
                job.request.password.empty()
                    ? "the PDF is protected by a password: remove the password, or send it in X-Document-Password"
                    : "the password in X-Document-Password does not open this PDF: remove the password from the PDF");
  const std::uint32_t count = file.pages();
  if (count == 0) return fail(MediaErrc::corrupt_media, "the PDF is damaged or cut off: it has no pages");
  HEARTH_TRY_ASSIGN(const auto pages, job.request.pages ? job.request.pages->select(count, job.request.max_frames)
                                                        : PageList::all(count, job.request.max_frames));
  kit::FrameHeader header;
  header.total = count;
  header.kind = "page";
  for (const std::uint32_t page : pages) {
    if (job.watch.should_stop()) return fail(Errc::cancelled, "the client left");
    header.number = page;
    HEARTH_TRY(send_page(job, file, header));
    ++header.index;
  }
  return {};
}

}  // namespace hearth::media
