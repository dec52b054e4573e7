// From recognised lines to what a reader sees: headings, paragraphs, lists and tables, in reading order.
//
// Pure: lines in, layout out. The lines must come from a straightened picture; all boxes are that picture's pixels.
#pragma once

#include "page.h"

namespace hearth::ocr {

Layout lay_out(const Lines& lines);

// The page's text: a line a line, an empty line between blocks.
std::string plain_text(const Layout& layout);
std::string markdown(const Layout& layout);

}  // namespace hearth::ocr
