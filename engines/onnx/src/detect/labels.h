// The names of what a detector knows. Pure.
#pragma once

#include <hearth/core/error.h>

#include <string>
#include <string_view>
#include <vector>

namespace hearth::onnx {

using Labels = std::vector<std::string>;  // by number; an empty name is a number not used

// COCO's 80 names, numbered without gaps from 0, as most detectors do it.
const Labels& coco_labels();
// The same under COCO's own numbers, 1 to 90 with gaps, as TensorFlow's detectors do it.
Labels coco_labels_with_gaps();

// One name a line. invalid_argument: no name, more than 10,000, one longer than 100 bytes or not UTF-8.
Result<Labels> parse_label_lines(std::string_view text);
// What Ultralytics writes into a model's metadata: {0: 'person', 1: "traffic light"}. invalid_argument as above.
Result<Labels> parse_label_map(std::string_view text);

// Which labels a request asks for ("person,car"), as flags by number; empty asks for all. invalid_argument names the
// unknown one and some of those there are.
Result<std::vector<bool>> choose_labels(const Labels& labels, std::string_view asked);

}  // namespace hearth::onnx
