// From a recogniser's probabilities to text: connectionist temporal classification, read greedily. Pure.
#pragma once

#include <hearth/core/error.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::onnx {

using Characters = std::vector<std::string>;

// One character a line, as PaddleOCR's dictionaries are (an empty line is none). invalid_argument: none, more than
// 100,000, one longer than 64 bytes or not UTF-8.
Result<Characters> parse_dictionary(std::string_view text);

struct ReadCharacter {
  std::string_view text;  // into the dictionary
  float probability = 0;
  std::size_t step = 0;  // of the model's output: the place in the line
};

// `values`: steps × classes, row by row. Class 0 is the blank, class i the dictionary's character i − 1, and one class
// more, if there is one, a space. corrupt when the model's classes are not that many.
Result<std::vector<ReadCharacter>> read_ctc(std::span<const float> values, std::size_t classes,
                                            const Characters& characters);

}  // namespace hearth::onnx
