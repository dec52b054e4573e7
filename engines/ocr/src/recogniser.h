// Tesseract, one instance for one thread at a time.
//
// Loaded models stay (two sets of languages, and orientation detection once it was needed); nothing of a page does.
#pragma once

#include "page.h"
#include "picture.h"

#include <hearth/core/error.h>

#include <functional>
#include <memory>
#include <string>

namespace hearth::ocr {

// Asked now and then; true ends the work with the error it returns.
using Interrupt = std::function<Result<void>()>;

enum class Segmentation { automatic, single_block };

struct Orientation {
  int quarters = 0;       // clockwise turns that set the picture upright
  double confidence = 0;  // Tesseract's measure: 15 is reasonably sure
  std::string script;     // "Latin", "Han", …
  double script_confidence = 0;
};

class Recogniser {
 public:
  explicit Recogniser(std::string tessdata);
  ~Recogniser();
  Recogniser(const Recogniser&) = delete;
  Recogniser& operator=(const Recogniser&) = delete;

  // Loads a set of languages ("eng+chi_sim") if it is not there yet. failed_precondition when Tesseract cannot.
  Result<void> load(const std::string& languages);
  [[nodiscard]] bool has(const std::string& languages) const;
  // An empty result is a page without text. cancelled and deadline_exceeded come from `interrupt`.
  Result<Lines> read(const Picture& picture, const std::string& languages, Segmentation segmentation,
                     const Interrupt& interrupt);
  // not_found when there are too few letters to say; failed_precondition without osd.traineddata.
  Result<Orientation> orientation(const Picture& picture);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth::ocr
