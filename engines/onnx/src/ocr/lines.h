// From pieces of text that were read one by one to a page. Pure.
#pragma once

#include "ctc.h"
#include "quad.h"

#include <page.h>

#include <string>
#include <vector>

namespace hearth::onnx {

// One piece of text; `quad` in the frame's pixels, its corners as the text is read.
struct ReadLine {
  Quad quad;
  std::vector<ReadCharacter> characters;
  double steps = 0;  // of the recogniser's output, for the piece without what was filled up
};

// Quarters that a reader turns clockwise to read most of the text: 0 to 3.
int page_quarters(const std::vector<Quad>& quads);

// Words at their places, lines put together from pieces that stand side by side, blocks in reading order.
ocr::Page to_page(const std::vector<ReadLine>& lines, int width, int height);

}  // namespace hearth::onnx
