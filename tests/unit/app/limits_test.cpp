#include "tour/limits.h"

#include "tour/stations.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hearth::tool::tour {
namespace {

TEST(Limits, EveryStationHasOne) {
  ASSERT_EQ(stations().size(), kLimits.size());
  for (const Station& station : stations())
    EXPECT_EQ(std::ranges::count(kLimits, station.name, &Limit::station), 1) << station.name;
}

TEST(Limits, HoldUpToTheirValueAndNoFurther) {
  constexpr Limit kErrors{"x", "errors", Better::lower, 0.3};
  EXPECT_TRUE(holds(kErrors, 0.3));
  EXPECT_FALSE(holds(kErrors, 0.301));
  constexpr Limit kFound{"x", "found", Better::higher, 0.5};
  EXPECT_TRUE(holds(kFound, 0.5));
  EXPECT_FALSE(holds(kFound, 0.499));
}

}  // namespace
}  // namespace hearth::tool::tour
