#include "tiff_file.h"

#include "errors.h"

#include <tiffio.h>

#include <algorithm>
#include <limits>

namespace hearth::media {

struct TiffFile::Source {
  const kit::Body& body;
  std::uint64_t position = 0;

  static tmsize_t read(thandle_t handle, void* into, tmsize_t size) {
    auto* self = static_cast<Source*>(handle);
    const auto n = self->body.read_at(self->position, {static_cast<char*>(into), static_cast<std::size_t>(size)});
    if (!n) return -1;
    self->position += *n;
    return static_cast<tmsize_t>(*n);
  }
  static tmsize_t write(thandle_t, void*, tmsize_t) { return -1; }
  static toff_t seek(thandle_t handle, toff_t offset, int whence) {
    auto* self = static_cast<Source*>(handle);
    const std::uint64_t base = whence == SEEK_CUR ? self->position : whence == SEEK_END ? self->body.size() : 0;
    self->position = base + offset;
    return self->position;
  }
  static int close(thandle_t) { return 0; }
  static toff_t size(thandle_t handle) { return static_cast<Source*>(handle)->body.size(); }
};

void TiffFile::Close::operator()(::tiff* t) const {
  TIFFClose(t);
}
void TiffFile::Free::operator()(Source* s) const {
  delete s;
}

Result<TiffFile> TiffFile::open(const kit::Body& body, std::uint64_t max_allocation) {
  TiffFile file;
  file.source_.reset(new Source{body});
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  constexpr auto kMost = std::uint64_t{std::numeric_limits<tmsize_t>::max()};
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, static_cast<tmsize_t>(std::min(max_allocation, kMost)));
  // "m": no memory mapping; the body decides where its bytes are.
  file.tiff_.reset(TIFFClientOpenExt("body", "rm", file.source_.get(), Source::read, Source::write, Source::seek,
                                     Source::close, Source::size, nullptr, nullptr, options));
  TIFFOpenOptionsFree(options);
  if (!file.tiff_) return fail(MediaErrc::corrupt_media, "the TIFF is damaged or cut off");
  return file;
}

std::uint32_t TiffFile::pages() const {
  return std::max<std::uint32_t>(1, TIFFNumberOfDirectories(tiff_.get()));
}

}  // namespace hearth::media
