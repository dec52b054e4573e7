// People and faces with the models Debian's OpenCV brings: histograms of oriented gradients, and cascades.
//
// One instance for one thread at a time. OpenCV's exceptions end here.
#pragma once

#include "detection.h"

#include <hearth/core/error.h>
#include <hearth/kit/frames.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace hearth::vision {

inline constexpr std::uint64_t kMostPixels = 40'000'000;

class Detector {
 public:
  // failed_precondition when the cascades are not in `data` (Debian: /usr/share/opencv4).
  static Result<std::unique_ptr<Detector>> create(const std::filesystem::path& data);
  ~Detector();
  Detector(const Detector&) = delete;
  Detector& operator=(const Detector&) = delete;

  // Strongest first; at least `min_score`. `interrupt` is asked between the steps, and what it returns ends the work.
  Result<std::vector<Detection>> detect(const kit::Frame& frame, const std::vector<Label>& labels, double min_score,
                                        const std::function<Result<void>()>& interrupt);

 private:
  Detector();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// How sure a find is, from the detector's margin and the windows that agree (for faces, also the second model's).
double person_score(double margin, int support);
double face_score(double margin, int support, int agreeing);

}  // namespace hearth::vision
