#include "tensor.h"

#include <fmt/format.h>

namespace hearth::onnx {

Result<std::size_t> count_of(const Shape& shape, std::size_t most) {
  std::size_t count = 1;
  for (const std::int64_t side : shape) {
    if (side < 0) return fail(Errc::corrupt, fmt::format("a tensor has the impossible shape {}", to_text(shape)));
    if (side == 0) return std::size_t{0};
    if (static_cast<std::uint64_t>(side) > most / count)
      return fail(Errc::too_large, fmt::format("a tensor of shape {} has more than {} values", to_text(shape), most));
    count *= static_cast<std::size_t>(side);
  }
  return count;
}

std::string to_text(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t side : shape) {
    if (text.size() > 1) text += ", ";
    text += side < 0 ? std::string("?") : fmt::format("{}", side);
  }
  return text + "]";
}

Result<std::span<const float>> floats_of(const Tensor& tensor, const Shape& wanted, std::string_view what) {
  const auto* values = std::get_if<std::vector<float>>(&tensor.values);
  bool fits = values != nullptr && tensor.shape.size() == wanted.size();
  for (std::size_t i = 0; fits && i < wanted.size(); ++i) fits = wanted[i] < 0 || wanted[i] == tensor.shape[i];
  if (fits) {
    const auto count = count_of(tensor.shape, values->size());
    fits = count && *count == values->size();
  }
  if (!fits)
    return fail(Errc::corrupt,
                fmt::format("the model's output for {} is {} of shape {}, wanted are floats of shape {}; "
                            "this model file does not fit its task",
                            what, values != nullptr ? "floats" : "no floats", to_text(tensor.shape), to_text(wanted)));
  return std::span<const float>(*values);
}

}  // namespace hearth::onnx
