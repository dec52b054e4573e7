// Any bytes as an image, a document or a video.
#include "frames.h"
#include "library_setup.h"

#include <hearth/core/clock.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace hearth;

constexpr std::uint64_t kMaxPixels = 250'000;
constexpr std::uint32_t kMaxSide = 300;

class Check final : public media::FrameSink {
 public:
  Result<void> frame(kit::FrameHeader header, const media::Picture& picture) override {
    if (header.index != next_++ || picture.width() == 0 || picture.height() == 0 || picture.width() > kMaxSide ||
        picture.height() > kMaxSide)
      std::abort();
    unsigned sum = 0;  // every pixel is there to be read
    for (const char c : picture.bytes()) sum += static_cast<unsigned char>(c);
    sum_ = sum;
    return {};
  }

 private:
  std::uint32_t next_ = 0;
  volatile unsigned sum_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  [[maybe_unused]] static const bool once = [] {
    media::set_up_libraries(256U << 20);
    return true;
  }();
  static media::MemoryBudget budget(256U << 20);
  const kit::Body body = kit::Body::from_memory(std::string(reinterpret_cast<const char*>(data), size));
  const Deadline deadline = Deadline::in(Seconds(2));
  media::Watch watch([&] { return deadline.passed(); });
  Check sink;
  media::FramesRequest request;
  request.max_pixels = kMaxPixels;
  request.max_side = kMaxSide;
  request.max_frames = 4;
  request.dpi = 40;
  [[maybe_unused]] const auto result = media::read_frames({body, request, watch, budget, sink});
  return 0;
}
