#include "page.h"

namespace hearth::ocr {

double mean_confidence(const Lines& lines) {
  double sum = 0;
  double weight = 0;
  for (const Line& line : lines)
    for (const Word& word : line.words) {
      const auto size = static_cast<double>(word.text.size());
      sum += word.confidence * size;
      weight += size;
    }
  return weight > 0 ? sum / weight : 0;
}

}  // namespace hearth::ocr
