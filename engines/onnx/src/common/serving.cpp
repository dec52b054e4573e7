#include "serving.h"

#include <chrono>

namespace hearth::onnx {
namespace {

constexpr std::chrono::milliseconds kAskAgain{100};  // how often a waiting request asks whether it is still wanted

}  // namespace

Interrupt interrupt_of(kit::Request& request) {
  return [&request]() -> Result<void> {
    if (request.abandoned()) return fail(Errc::cancelled, "the client has left");
    return {};
  };
}

Result<Slots::Lease> Slots::take(const Interrupt& interrupt) {
  std::unique_lock lock(mutex_);
  while (!freed_.wait_for(lock, kAskAgain, [&] { return free_ > 0; })) {
    HEARTH_TRY(interrupt());
  }
  --free_;
  return Lease(*this);
}

void Slots::give_back() {
  {
    const std::lock_guard lock(mutex_);
    ++free_;
  }
  freed_.notify_one();
}

std::optional<kit::Frame> receive_frame(kit::Request& request, kit::Response& response) {
  auto frame = kit::read_frame([&](std::span<char> into) { return request.read(into); }, kMostPixels);
  if (frame) return std::move(*frame);
  const Error& e = frame.error();
  switch (e.kind()) {
    case Errc::too_large:
      response.error(413, "image_too_large", e.message());
      break;
    case Errc::not_found:
      response.error(400, "empty_file", "the request has no frame; send one frame as the body");
      break;
    case Errc::protocol_error:
      response.error(400, "invalid_frame", e.message());
      break;
    default:
      response.error(e);
  }
  return std::nullopt;
}

PictureView view_of(const kit::Frame& frame) {
  return {{reinterpret_cast<const std::uint8_t*>(frame.pixels.data()), frame.pixels.size()},
          static_cast<int>(frame.header.width),
          static_cast<int>(frame.header.height),
          static_cast<int>(frame.header.channels)};
}

void refuse_run(const Error& error, kit::Response& response) {
  if (error.is(Errc::cancelled)) return response.error(error);
  if (error.is(Errc::resource_exhausted))
    return response.error(503, "resource_exhausted",
                          "the model needs more memory for this input than the engine may have; " + error.describe());
  const bool model = error.is(Errc::corrupt) || error.is(Errc::too_large) || error.is(Errc::unsupported);
  response.error(500, model ? "model_mismatch" : "internal", error.describe());
}

}  // namespace hearth::onnx
