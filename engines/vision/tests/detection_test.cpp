#include "detection.h"

#include "detector.h"

#include <gtest/gtest.h>

namespace hearth::vision {
namespace {

TEST(Detection, OverlapIsOfTheSmallerBox) {
  EXPECT_DOUBLE_EQ(overlap({0, 0, 10, 10}, {5, 0, 15, 10}), 0.5);
  EXPECT_DOUBLE_EQ(overlap({0, 0, 100, 100}, {10, 10, 20, 20}), 1);
  EXPECT_DOUBLE_EQ(overlap({0, 0, 10, 10}, {10, 0, 20, 10}), 0);
  EXPECT_DOUBLE_EQ(overlap({0, 0, 0, 0}, {0, 0, 10, 10}), 0);
}

TEST(Detection, TheStrongestOfAHeapStaysAndCountsTheOthers) {
  const auto peaks =
      strongest({{{0, 0, 10, 20}, 1.0}, {{1, 1, 11, 21}, 3.0}, {{50, 0, 60, 20}, 2.0}, {{2, 0, 12, 20}, 0.5}}, 0.45);
  ASSERT_EQ(peaks.size(), 2U);
  EXPECT_EQ(peaks[0].window.weight, 3.0);
  EXPECT_EQ(peaks[0].support, 3);
  EXPECT_EQ(peaks[1].support, 1);
  EXPECT_TRUE(strongest({}, 0.5).empty());
}

TEST(Detection, BoxesAreCutToTheFrame) {
  EXPECT_EQ(clipped({-5, -5, 200, 50}, 100, 100), (Box{0, 0, 100, 50}));
  EXPECT_EQ(clipped({150, 150, 160, 160}, 100, 100), (Box{99, 99, 100, 100}));
}

TEST(Detection, ScoresGrowWithMarginAndSupport) {
  EXPECT_LT(person_score(0.2, 1), 0.1);
  EXPECT_LT(person_score(1.2, 5), 0.5);  // a van's window in vtest.avi
  EXPECT_GT(person_score(2.0, 20), 0.8);
  EXPECT_GT(person_score(2.0, 20), person_score(2.0, 2));
  EXPECT_GT(face_score(5, 20, 3), face_score(2, 20, 3));
  EXPECT_GT(face_score(3, 20, 8), face_score(3, 20, 0));
  EXPECT_LE(person_score(50, 100000), 1);
}

}  // namespace
}  // namespace hearth::vision
