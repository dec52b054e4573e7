#include "pdf_file.h"

#include "errors.h"

#include <poppler-document.h>
#include <poppler-page.h>

#include <algorithm>
#include <limits>

namespace hearth::media {

PdfFile::PdfFile(std::unique_ptr<poppler::document> document) : document_(std::move(document)) {}
PdfFile::PdfFile(PdfFile&&) noexcept = default;
PdfFile& PdfFile::operator=(PdfFile&&) noexcept = default;
PdfFile::~PdfFile() = default;

Result<PdfFile> PdfFile::open(const kit::Body& body, const std::string& password) {
  if (std::cmp_greater(body.size(), std::numeric_limits<int>::max()))
    return fail(MediaErrc::image_too_large, "PDF files past 2 GiB are not read: send it in parts");
  HEARTH_TRY_ASSIGN(const std::string_view bytes, body.view());
  std::unique_ptr<poppler::document> document(
      poppler::document::load_from_raw_data(bytes.data(), static_cast<int>(bytes.size()), password, password));
  if (!document) return fail(MediaErrc::corrupt_media, "the PDF is damaged or cut off");
  return PdfFile(std::move(document));
}

bool PdfFile::locked() const {
  return document_->is_locked();
}

std::uint32_t PdfFile::pages() const {
  return static_cast<std::uint32_t>(std::max(0, document_->pages()));
}

std::unique_ptr<poppler::page> PdfFile::page(std::uint32_t number) const {
  return std::unique_ptr<poppler::page>(document_->create_page(static_cast<int>(number)));
}

}  // namespace hearth::media
