// A picture of latencies: for each series, which share of the requests was answered within which time.
#pragma once

#include "samples.h"

#include <hearth/core/error.h>

#include <filesystem>
#include <string>
#include <vector>

namespace hearth::bench {

struct Curve {
  std::string label;
  std::string colour;
  Samples seconds;
};
// An SVG with a logarithmic axis of time. io_error.
Result<void> draw_curves(const std::filesystem::path& file, const std::string& title, const std::vector<Curve>& curves);

}  // namespace hearth::bench
