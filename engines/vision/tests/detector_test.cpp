#include "detector.h"

#include "scenes.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hearth::vision {
namespace {

using namespace hearth::vision::testing;

Detector& detector() {
  static const std::unique_ptr<Detector> one = *Detector::create("/usr/share/opencv4");
  return *one;
}

std::vector<Detection> find(const kit::Frame& frame, const std::vector<Label>& labels, double min_score = 0.5) {
  auto found = detector().detect(frame, labels, min_score, [] { return Result<void>(); });
  EXPECT_TRUE(found) << found.error().describe();
  return found ? *found : std::vector<Detection>{};
}

bool covers(const Box& box, int x, int y) {
  return x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1;
}

TEST(Detector, FindsADrawnFigureWhereItStands) {
  const auto found = find(figure(400, 300, 250, 90), {Label::person});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_GT(found[0].score, 0.8);
  EXPECT_TRUE(covers(found[0].box, 250, 150));
  EXPECT_NEAR((found[0].box.x0 + found[0].box.x1) / 2, 250, 12);
  EXPECT_NEAR(found[0].box.y0, 90, 25);
  EXPECT_NEAR(found[0].box.y1, 225, 30);
}

TEST(Detector, FindsNothingWhereNothingIs) {
  for (const auto& frame : {blank(640, 480, 128), blank(640, 480, 0, 1), blank(1, 1, 255), blank(23, 5000, 10),
                            blank(40000, 3, 77), blank(3, 40000, 77, 1)})
    EXPECT_TRUE(find(frame, {Label::person, Label::face}, 0).empty())
        << frame.header.width << "x" << frame.header.height;
}

TEST(Detector, FindsPeopleInAStreet) {
  // Feet to head by eye, of people who stand free: frames 0, 320 and 640.
  struct Seen {
    int x, y;
  };
  const std::vector<std::vector<Seen>> seen{{{265, 262}, {514, 195}, {663, 280}},
                                            {{213, 203}, {262, 232}, {315, 208}, {607, 225}, {641, 225}},
                                            {{127, 180}, {182, 195}, {377, 196}, {520, 292}, {660, 255}, {360, 455}}};
  const auto frames = street({0, 320, 640});
  ASSERT_EQ(frames.size(), 3U) << "install opencv-doc";
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto found = find(frames[i], {Label::person});
    std::size_t hit = 0;
    for (const Seen& person : seen[i])
      if (std::ranges::any_of(found, [&](const Detection& d) { return covers(d.box, person.x, person.y); })) ++hit;
    EXPECT_EQ(hit, seen[i].size()) << "frame " << i;
    EXPECT_LE(found.size(), seen[i].size() + 1) << "frame " << i;
    for (const Detection& d : found) {
      EXPECT_GE(d.box.x0, 0);
      EXPECT_LE(d.box.x1, 768);
      EXPECT_GE(d.score, 0.5);
      EXPECT_LE(d.score, 1);
    }
    EXPECT_TRUE(std::ranges::is_sorted(found, std::ranges::greater{}, &Detection::score));
  }
}

TEST(Detector, FindsAFace) {
  const kit::Frame frame = sample_picture("messi5.jpg");
  ASSERT_FALSE(frame.pixels.empty()) << "install opencv-doc";
  const auto found = find(frame, {Label::face});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].label, Label::face);
  EXPECT_TRUE(covers(found[0].box, 245, 112));
}

TEST(Detector, FindsNoFaceInABuilding) {
  const kit::Frame frame = sample_picture("building.jpg");
  ASSERT_FALSE(frame.pixels.empty()) << "install opencv-doc";
  EXPECT_TRUE(find(frame, {Label::face}).empty());
}

TEST(Detector, StopsWhenInterrupted) {
  const auto found = detector().detect(blank(640, 480, 1), {Label::person}, 0.5,
                                       []() -> Result<void> { return fail(Errc::cancelled, "the client has left"); });
  ASSERT_FALSE(found);
  EXPECT_TRUE(found.error().is(Errc::cancelled));
}

TEST(Detector, MissingModelsAreAnError) {
  const auto lost = Detector::create("/nonexistent");
  ASSERT_FALSE(lost);
  EXPECT_TRUE(lost.error().is(Errc::failed_precondition));
}

}  // namespace
}  // namespace hearth::vision
