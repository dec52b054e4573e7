// A PDF opened by poppler from a request's body.
#pragma once

#include <hearth/core/error.h>
#include <hearth/kit/engine.h>

#include <cstdint>
#include <memory>
#include <string>

namespace poppler {
class document;
class page;
}  // namespace poppler

namespace hearth::media {

class PdfFile {
 public:
  // `body` must outlive it. corrupt_media, image_too_large (a file past 2 GiB), io_error.
  static Result<PdfFile> open(const kit::Body& body, const std::string& password);
  PdfFile(PdfFile&&) noexcept;
  PdfFile& operator=(PdfFile&&) noexcept;
  ~PdfFile();

  [[nodiscard]] bool locked() const;
  [[nodiscard]] std::uint32_t pages() const;
  // nullptr if it is damaged.
  [[nodiscard]] std::unique_ptr<poppler::page> page(std::uint32_t number) const;

 private:
  explicit PdfFile(std::unique_ptr<poppler::document> document);
  std::unique_ptr<poppler::document> document_;
};

}  // namespace hearth::media
