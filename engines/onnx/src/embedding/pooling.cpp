#include "pooling.h"

#include <cmath>

namespace hearth::onnx {

Result<void> pool_into(std::span<const float> hidden, std::size_t width, Pooling pooling,
                       std::span<embed::Component> into) {
  if (width == 0 || hidden.size() < width || hidden.size() % width != 0 || into.size() > width)
    return fail(Errc::corrupt, "the model's output is not a row for each token");
  const std::size_t rows = pooling == Pooling::cls ? 1 : hidden.size() / width;
  std::vector<double> sum(into.size(), 0.0);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += static_cast<double>(hidden[row * width + d]);
  double squares = 0;
  for (const double v : sum) squares += v * v;
  if (!std::isfinite(squares) || squares <= 0)
    return fail(Errc::corrupt, "the model gave no vector for this text, but zeros or values that are no numbers");
  const double factor = embed::kUnit / std::sqrt(squares);
  for (std::size_t d = 0; d < sum.size(); ++d) into[d] = static_cast<embed::Component>(std::lround(sum[d] * factor));
  return {};
}

}  // namespace hearth::onnx
