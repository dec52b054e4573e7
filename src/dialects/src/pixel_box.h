// Boxes as the engines send them. Private to this room.
#pragma once

#include "src/json_reader.h"

#include <array>

namespace hearth::dialects {

// [x0, y0, x1, y1]: exactly four finite numbers.
Decoded<std::array<double, 4>> read_pixel_box(json::Value& value);

}  // namespace hearth::dialects
