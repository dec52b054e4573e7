// What is read from a picture: first words in lines as the recogniser finds them, then blocks as a reader sees them.
#pragma once

#include "geometry.h"

#include <string>
#include <vector>

namespace hearth::ocr {

struct Word {
  std::string text;  // UTF-8, not empty
  Box box;
  double confidence = 0;  // 0 to 1
};

struct Line {
  std::vector<Word> words;  // left to right as read; not empty
  Box box;
  double height = 0;  // from descender to ascender, pixels
  int region = 0;     // the recogniser's block
};

// One picture as recognised; boxes are pixels of that picture.
using Lines = std::vector<Line>;

enum class BlockType { heading, paragraph, list, table };

struct Block {
  BlockType type = BlockType::paragraph;
  Box box;
  std::string text;      // lines as they stand
  std::string markdown;  // lines joined, hyphens at line ends taken out
};

struct PlacedWord {
  Word word;
  int line = 0;   // counted over the page
  int block = 0;  // index of its block
};

// In reading order.
struct Layout {
  std::vector<Block> blocks;
  std::vector<PlacedWord> words;
};

// The answer for one frame; boxes are pixels of the frame as sent.
struct Page {
  Layout layout;
  double confidence = 0;  // 0 to 1, each word counted by its characters; 0 for an empty page
  int rotation = 0;       // degrees clockwise that set it upright: 0, 90, 180, 270
  double skew = 0;        // degrees clockwise that straightened it
};

// Mean confidence, each word counted by its characters; 0 for no words.
double mean_confidence(const Lines& lines);

}  // namespace hearth::ocr
