// libtiff reading from a request's body.
#pragma once

#include <hearth/core/error.h>
#include <hearth/kit/engine.h>

#include <cstdint>
#include <memory>

struct tiff;

namespace hearth::media {

class TiffFile {
 public:
  // `body` must outlive it; no allocation of libtiff's exceeds `max_allocation`. corrupt_media.
  static Result<TiffFile> open(const kit::Body& body, std::uint64_t max_allocation);
  [[nodiscard]] ::tiff* get() const { return tiff_.get(); }
  // Pages, counted along the chain of directories; at most 65535.
  [[nodiscard]] std::uint32_t pages() const;

 private:
  struct Source;
  struct Close {
    void operator()(::tiff* t) const;
  };
  struct Free {
    void operator()(Source* s) const;
  };
  std::unique_ptr<Source, Free> source_;
  std::unique_ptr<::tiff, Close> tiff_;  // closed before its source goes
};

}  // namespace hearth::media
