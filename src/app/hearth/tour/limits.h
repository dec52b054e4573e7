// What every station of the tour must reach. Fixed numbers: measured with the engines of Debian 12 on the tour's own
// input, with room for a different machine's rounding, and far from what a degraded input gives
// (tests/integration/tour_test).
#pragma once

#include <array>
#include <string_view>

namespace hearth::tool::tour {

enum class Better { lower, higher };

struct Limit {
  std::string_view station;
  std::string_view measure;  // "word errors"
  Better better;
  double value;  // a share, 0 to 1
};

inline constexpr std::array<Limit, 5> kLimits{{
    {"listen", "word errors", Better::lower, 0.30},
    {"read", "character errors", Better::lower, 0.02},
    {"see", "people found", Better::higher, 0.60},
    {"speak", "word errors", Better::lower, 0.25},
    {"search", "answers right", Better::higher, 1.00},
}};

constexpr bool holds(const Limit& limit, double measured) noexcept {
  return limit.better == Better::lower ? measured <= limit.value : measured >= limit.value;
}

}  // namespace hearth::tool::tour
