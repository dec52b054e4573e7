// Reads one frame: makes it upright, straight, evenly lit and of a size the recogniser likes, recognises it, lays it
// out, and maps every box back to the frame's pixels.
#pragma once

#include "page.h"
#include "recogniser.h"

#include <hearth/core/error.h>
#include <hearth/kit/frames.h>

#include <string>

namespace hearth::ocr {

inline constexpr std::uint64_t kMostPixels = 40'000'000;

struct LanguageChoice {
  std::string main = "eng";  // what is read with
  // When set, the page may be in this instead: used when its script or weak reading says so ("chi_sim+eng").
  std::string other;
};

// `frame` is taken: its pixels go as soon as the gray picture is made. cancelled and deadline_exceeded from
// `interrupt`; failed_precondition, internal. A frame without text is an empty page, not an error.
Result<Page> read_frame_text(Recogniser& recogniser, kit::Frame frame, const LanguageChoice& languages,
                             const Interrupt& interrupt);

}  // namespace hearth::ocr
