#include <hearth/trim/steps.h>

namespace hearth::trim {

std::string_view to_string(Step step) noexcept {
  switch (step) {
    case Step::blobs:
      return "blobs";
    case Step::whitespace:
      return "whitespace";
    case Step::json:
      return "json";
    case Step::markup:
      return "markup";
    case Step::logs:
      return "logs";
    case Step::duplicates:
      return "duplicates";
    case Step::tools:
      return "tools";
  }
  return "";
}

std::optional<Step> find_step(std::string_view name) noexcept {
  for (const Step step : kAllSteps)
    if (to_string(step) == name) return step;
  return std::nullopt;
}

std::string Steps::text() const {
  std::string out;
  for (const Step step : kAllSteps) {
    if (!has(step)) continue;
    if (!out.empty()) out += ", ";
    out += to_string(step);
  }
  return out;
}

}  // namespace hearth::trim
