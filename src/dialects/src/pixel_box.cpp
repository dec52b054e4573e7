#include "src/pixel_box.h"

namespace hearth::dialects {

Decoded<std::array<double, 4>> read_pixel_box(json::Value& value) {
  constexpr double kFarthest = 1e9;
  std::array<double, 4> box{};
  std::size_t count = 0;
  HEARTH_TRY(value.each_item(box.size(), [&](std::size_t i, json::Value item) -> Decoded<void> {
    HEARTH_TRY_ASSIGN(box[i], item.number(-kFarthest, kFarthest));
    ++count;
    return {};
  }));
  if (count != box.size()) return std::unexpected(value.refuse(ApiCode::invalid_value, "must have four numbers."));
  return box;
}

}  // namespace hearth::dialects
