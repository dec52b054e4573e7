#include "picture.h"

#include "typeset.h"

#include <gtest/gtest.h>

namespace hearth::ocr {
namespace {

using namespace hearth::ocr::testing;

Picture picture(const kit::Frame& frame) {
  auto p = picture_of(frame);
  EXPECT_TRUE(p);
  return std::move(*p);
}

TEST(Picture, TurningMapsBack) {
  const kit::Frame frame = blank(200, 100, 255);
  for (int quarters = 0; quarters < 4; ++quarters) {
    const auto p = turned(picture(frame), quarters);
    ASSERT_TRUE(p);
    const Box whole = p->to_frame.map({0, 0, p->width(), p->height()}, 200, 100);
    EXPECT_EQ(whole, (Box{0, 0, 200, 100})) << quarters;
  }
  // The top left corner, a quarter clockwise, is at the top right.
  const auto p = turned(picture(frame), 1);
  EXPECT_EQ(p->to_frame.map({90, 0, 100, 20}, 200, 100), (Box{0, 0, 20, 10}));
}

TEST(Picture, ScalingMapsBack) {
  const auto p = resized(picture(blank(200, 100, 255)), 2.5);
  ASSERT_TRUE(p);
  EXPECT_EQ(p->width(), 500);
  EXPECT_EQ(p->to_frame.map({250, 125, 500, 250}, 200, 100), (Box{100, 50, 200, 100}));
}

TEST(Picture, BoxesNeverLeaveTheFrame) {
  const Affine shift{1, 0, -500, 0, 1, 700};
  EXPECT_EQ(shift.map({0, 0, 10, 10}, 200, 100), (Box{0, 99, 1, 100}));
}

TEST(Picture, BlankIsSeen) {
  EXPECT_TRUE(is_blank(picture(blank(300, 200, 255))));
  EXPECT_TRUE(is_blank(picture(blank(300, 200, 0))));
  EXPECT_TRUE(is_blank(picture(blank(1, 1, 7))));
  EXPECT_FALSE(is_blank(picture(english_note(100).frame())));
}

TEST(Picture, SkewIsFoundInBothDirections) {
  const kit::Frame note = english_note(150).frame();
  for (const double degrees : {-5.0, -1.0, 2.0, 7.0}) {
    const Picture p = picture(skewed(note, degrees));
    const auto ink = ink_of(p);
    ASSERT_TRUE(ink);
    const Slant slant = find_slant(ink->get());
    EXPECT_EQ(slant.direction, Direction::across);
    EXPECT_NEAR(slant.degrees, -degrees, 0.15);
  }
}

TEST(Picture, LetterHeightFollowsTheScale) {
  const auto height = [](double dpi) {
    const Picture p = picture(english_note(dpi).frame());
    const auto ink = ink_of(p);
    return letter_height(p, ink->get()).value_or(0);
  };
  EXPECT_NEAR(height(300) / height(150), 2, 0.25);
  const Picture empty = picture(blank(300, 300, 255));
  EXPECT_FALSE(letter_height(empty, ink_of(empty)->get()).has_value());
}

TEST(Picture, LettersOnTheirFeetAndOnTheirHeads) {
  const kit::Frame note = english_note(200).frame();
  const auto upright = ink_of(picture(note));
  const auto down = ink_of(picture(testing::turned(note, 2)));
  EXPECT_GT(uprightness(upright->get()), 5);
  EXPECT_LT(uprightness(down->get()), -5);
}

}  // namespace
}  // namespace hearth::ocr
