// Pictures of an image, a document or a video, one after the other.
#pragma once

#include "memory_budget.h"
#include "page_list.h"
#include "picture.h"
#include "watch.h"

#include <hearth/core/error.h>
#include <hearth/kit/engine.h>
#include <hearth/kit/frames.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::media {

struct FramesRequest {
  std::optional<PageList> pages;          // all of a document, the first of an animation when absent
  double dpi = 200;                       // of PDF pages
  std::uint64_t max_pixels = 40'000'000;  // of one picture, as stored
  double every = 1.0;                     // seconds between a video's pictures
  std::uint32_t max_frames = 100;
  std::uint32_t max_side = 0;  // pictures are scaled down to this; 0: as they are
  std::string password;        // of a PDF
};

// Receives the pictures in order. An error from it ends the work and is passed on.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  // `header`: all but the size, which is the picture's.
  virtual Result<void> frame(kit::FrameHeader header, const Picture& picture) = 0;
};

// What every reader of frames gets.
struct FramesJob {
  const kit::Body& body;
  const FramesRequest& request;
  Watch& watch;
  MemoryBudget& budget;
  FrameSink& sink;
};

// Any file. empty_file, unsupported_media, corrupt_media, no_video, encrypted_pdf, image_too_large, too_many_pages,
// page_out_of_range, cancelled.
Result<void> read_frames(const FramesJob& job);

// Its parts, one file each.
Result<void> frames_of_still(const FramesJob& job, FileKind kind);  // png, jpeg, bmp, webp
Result<void> frames_of_tiff(const FramesJob& job);
Result<void> frames_of_pdf(const FramesJob& job);
Result<void> frames_of_stream(const FramesJob& job);  // videos, animations and rare image formats, by libavformat

// Shared by them.
std::unexpected<Error> image_too_large(std::uint64_t width, std::uint64_t height, std::uint64_t limit);
// image_too_large if it is over the limit; otherwise the memory that decoding and converting it takes.
Result<MemoryBudget::Lease> admit_picture(const FramesJob& job, std::uint64_t width, std::uint64_t height);
// Is `page` among those asked for, with one picture in the file? page_out_of_range.
Result<void> expect_single_page(const FramesRequest& request);

}  // namespace hearth::media
