// Finished pixels, and the ways to them from a decoder's frame.
#pragma once

#include "av.h"
#include "image_header.h"

#include <hearth/core/error.h>

#include <cstdint>
#include <memory>
#include <span>

namespace hearth::media {

// Rows top to bottom without padding; 1 channel (gray) or 3 (RGB), 8 bits each.
class Picture {
 public:
  Picture() = default;
  Picture(std::uint32_t width, std::uint32_t height, std::uint32_t channels);

  [[nodiscard]] std::uint32_t width() const { return width_; }
  [[nodiscard]] std::uint32_t height() const { return height_; }
  [[nodiscard]] std::uint32_t channels() const { return channels_; }
  [[nodiscard]] std::size_t size() const { return std::size_t{width_} * height_ * channels_; }
  [[nodiscard]] std::size_t stride() const { return std::size_t{width_} * channels_; }
  [[nodiscard]] std::uint8_t* row(std::uint32_t y) { return pixels_.get() + stride() * y; }
  [[nodiscard]] const std::uint8_t* row(std::uint32_t y) const { return pixels_.get() + stride() * y; }
  [[nodiscard]] std::span<const char> bytes() const { return {reinterpret_cast<const char*>(pixels_.get()), size()}; }

 private:
  std::uint32_t width_ = 0;
  std::uint32_t height_ = 0;
  std::uint32_t channels_ = 1;
  std::unique_ptr<std::uint8_t[]> pixels_;
};

struct Size {
  std::uint32_t width;
  std::uint32_t height;
};
// `size` with its longer side brought down to `max_side`; 0: as it is.
Size bounded(Size size, std::uint32_t max_side);

// A decoder's frame as a picture whose longer side is at most `max_side` (0: any). Transparency is laid on white; gray
// stays gray. Pixels that are not square become so. corrupt_media for a pixel format that can't be converted.
Result<Picture> to_picture(const AVFrame& frame, std::uint32_t max_side);
// Scaled to `size`, averaging.
Result<Picture> scaled(Picture picture, Size size);
// Turned upright.
Picture upright(Picture picture, Orientation orientation);
// One channel if all its pixels are gray.
Picture gray_if_colourless(Picture picture);

}  // namespace hearth::media
