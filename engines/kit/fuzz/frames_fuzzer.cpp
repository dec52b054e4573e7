// A stream of frames from an engine that may have gone wrong: what is read must be what the header promised.
#include <hearth/kit/frames.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hearth;
  constexpr std::uint64_t kMaxPixels = 4096;
  std::size_t at = 0;
  const kit::ReadSome read = [&](std::span<char> into) -> Result<std::size_t> {
    const std::size_t n = std::min(into.size(), size - at);
    if (n > 0) std::memcpy(into.data(), data + at, n);
    at += n;
    return n;
  };
  for (;;) {
    const auto frame = kit::read_frame(read, kMaxPixels);
    if (!frame) return 0;
    if (frame->pixels.size() != frame->header.size() || frame->pixels.size() > kMaxPixels * 3) std::abort();
    kit::FrameHeader header = frame->header;
    if (header.kind.size() > 16) header.kind.clear();
    std::string line = kit::encode_frame_header(header);
    line.pop_back();
    const auto again = kit::decode_frame_header(line, kMaxPixels);
    if (!again || again->size() != header.size() || again->dpi != header.dpi || again->time != header.time)
      std::abort();
  }
}
