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

// A place at the engine that looks at pictures, and one at the media engine that makes them, for one document. The
// first is taken first: a queue before the one engine then never keeps the media engine from the others.
struct PageWork {
  LeasePtr looking;
  Upstream* engine = nullptr;
  std::chrono::nanoseconds per_page{};  // what the engine's manifest allows for one request
  LeasePtr making;
  Upstream* media = nullptr;

  void finish(Outcome outcome) {
    looking->finish(outcome);
    making->finish(outcome);
  }
};
net::awaitable<Attempt<PageWork>> take_places(Call& call, Upstream& engine, Upstream& media);

// Sends the current frame to the engine and returns its JSON answer.
net::awaitable<Attempt<std::string>> ask_about_frame(PageWork& work, PageStream& pages, const kit::FrameHeader& header,
                                                     std::string target);

}  // namespace hearth::gateway
