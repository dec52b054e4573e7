// A gray picture on its way to the recogniser, and the way back: every change keeps the map to the frame's pixels.
//
// Thin over Leptonica, whose names end here. Values; one thread at a time. Nothing here decodes a file format.
#pragma once

#include "geometry.h"

#include <hearth/core/error.h>
#include <hearth/kit/frames.h>

#include <memory>
#include <optional>

struct Pix;

namespace hearth::ocr {

struct PixDeleter {
  void operator()(Pix* pix) const noexcept;
};
using PixPtr = std::unique_ptr<Pix, PixDeleter>;

struct Picture {
  PixPtr gray;      // 8 bits a pixel; dark text on light ground once evened
  Affine to_frame;  // from this picture's pixels to the frame's
  [[nodiscard]] int width() const;
  [[nodiscard]] int height() const;
  // Shares the pixels, which none of the functions below changes in place but with_dark_text().
  [[nodiscard]] Picture copy() const;
};

// internal when memory runs out, as all functions below.
Result<Picture> picture_of(const kit::Frame& frame);

// Nothing but ground: less contrast than print has even where it is faint.
bool is_blank(const Picture& picture);
// Dark text on light ground: turns a picture over that is mostly dark.
Result<Picture> with_dark_text(Picture picture);
// Levels the ground where light falls off over the page; a page lit evenly stays as it is.
Result<Picture> evenly_lit(Picture picture);
// Smooths a picture whose ground is full of specks, as in a photograph in bad light; print stays as it is.
Result<Picture> without_grain(Picture picture);
Result<Picture> turned(Picture picture, int quarters_clockwise);
Result<Picture> straightened(Picture picture, double degrees_clockwise);
Result<Picture> resized(Picture picture, double factor);
// Adds a rim of ground: the recogniser misses text at the very edge.
Result<Picture> framed(Picture picture, int rim);

// Black and white, text 1. For measuring only; the recogniser makes its own.
Result<PixPtr> ink_of(const Picture& picture);

// The height of the small letters, roughly, in pixels; nullopt where there are too few letters to say.
std::optional<double> letter_height(const Picture& picture, Pix* ink);

enum class Direction { across, down, unclear };

struct Slant {
  Direction direction = Direction::unclear;  // of the lines of text
  double degrees = 0;                        // clockwise turn that levels lines that run across; 0 if not sure
};
Slant find_slant(Pix* ink);

// Do Latin letters stand on their feet? Above 0 yes, below 0 they hang head down; the further from 0 the surer.
double uprightness(Pix* ink);

}  // namespace hearth::ocr
