#include "page_json.h"

#include "layout.h"

#include <boost/json.hpp>

#include <cmath>

namespace hearth::ocr {
namespace {

namespace json = boost::json;

double rounded(double value, double steps) {
  return std::round(value * steps) / steps;
}

json::array box_json(const Box& box) {
  return {box.x0, box.y0, box.x1, box.y1};
}

std::string_view name_of(BlockType type) {
  switch (type) {
    case BlockType::heading:
      return "heading";
    case BlockType::list:
      return "list";
    case BlockType::table:
      return "table";
    case BlockType::paragraph:
      break;
  }
  return "paragraph";
}

}  // namespace

json::value to_json(const Page& page, int width, int height) {
  json::array words;
  for (const PlacedWord& w : page.layout.words)
    words.push_back({{"text", w.word.text},
                     {"box", box_json(w.word.box)},
                     {"confidence", rounded(w.word.confidence, 1e4)},
                     {"line", w.line},
                     {"block", w.block}});
  json::array blocks;
  for (const Block& b : page.layout.blocks)
    blocks.push_back({{"type", name_of(b.type)}, {"box", box_json(b.box)}, {"text", b.text}});
  return {{"text", plain_text(page.layout)},
          {"markdown", markdown(page.layout)},
          {"confidence", rounded(page.confidence, 1e4)},
          {"rotation", page.rotation},
          {"skew", rounded(page.skew, 100)},
          {"width", width},
          {"height", height},
          {"words", std::move(words)},
          {"blocks", std::move(blocks)}};
}

}  // namespace hearth::ocr
