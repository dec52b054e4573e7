// PP-OCR: one model finds pieces of text, one tells those that stand on their head, one reads them.
#pragma once

#include "../common/model.h"
#include "../common/serving.h"
#include "db.h"
#include "lines.h"

#include <hearth/core/error.h>

#include <memory>
#include <vector>

namespace hearth::onnx {

// A piece of text that was found; `quad` in the frame's pixels, its corners as the text is read.
struct FoundLine {
  Quad quad;
  float score = 0;
  float turned = 0;  // the classifier's probability that it stood on its head, before it was turned; 0 without one
};

// Turns the lines that stand on their head, by `turned`; where it is unsure (0.1 to 0.9), as most others of the page
// that run the same way. Pure.
void set_upright(std::vector<FoundLine>& lines);

class OcrReader {
 public:
  struct Models {
    std::unique_ptr<Model> detector;
    std::unique_ptr<Model> classifier;  // may be absent
    std::unique_ptr<Model> recogniser;  // may be absent: then lines can be found, but not read
    Characters dictionary;              // empty: the recogniser's own
  };
  // unsupported (a model with other inputs or outputs), invalid_argument (no dictionary).
  static Result<std::unique_ptr<OcrReader>> create(Models models);

  [[nodiscard]] bool can_read() const { return models_.recogniser != nullptr; }
  // Both as Model::run, corrupt, and whatever `interrupt` gives, which is asked between the steps. Any thread.
  [[nodiscard]] Result<std::vector<FoundLine>> find_lines(const PictureView& frame, const Interrupt& interrupt) const;
  [[nodiscard]] Result<std::vector<ReadLine>> read_lines(const PictureView& frame, const std::vector<FoundLine>& lines,
                                                         const Interrupt& interrupt) const;

 private:
  OcrReader() = default;
  [[nodiscard]] Result<float> turned_probability(const PictureView& frame, const Quad& quad) const;
  [[nodiscard]] Result<ReadLine> read_line(const PictureView& frame, const Quad& quad) const;
  Models models_;
  int line_height_ = 48;  // of the recogniser's input
};

}  // namespace hearth::onnx
