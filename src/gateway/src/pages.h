// Pictures from the media engine: an image, the pages of a PDF, a video's frames, one after the other.
#pragma once

#include "upstream_call.h"

#include <hearth/kit/frames.h>

#include <optional>
#include <string>

namespace hearth::gateway {

// The frames of one answer. Each frame's pixels are passed on or read before the next header.
class PageStream {
 public:
  PageStream(net::ClientCall* source, std::uint64_t max_pixels) : source_(source), max_pixels_(max_pixels) {}

  // The next frame's header; nullopt at the end. protocol_error, too_large, io_error.
  net::awaitable<Result<std::optional<kit::FrameHeader>>> next();
  // Sends the current frame, header and pixels, as the body of `to`. A failure of `to` is its reader's to find out.
  net::awaitable<Result<void>> pass_on(const kit::FrameHeader& header, net::ClientCall& to);

 private:
  net::awaitable<Result<std::size_t>> fill();

  net::ClientCall* source_;
  std::uint64_t max_pixels_;
  std::string buffer_;
};

// Sends the current frame to an engine and returns its JSON answer.
net::awaitable<Attempt<std::string>> ask_about_frame(Call& call, PageStream& pages, const kit::FrameHeader& header,
                                                     Lease& media_lease, Upstream& media, Upstream& engine,
                                                     std::string target);

}  // namespace hearth::gateway
