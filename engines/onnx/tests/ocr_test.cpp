#include "any_numbers.h"
#include "fake_model.h"
#include "ocr/crop.h"
#include "ocr/ctc.h"
#include "ocr/db.h"
#include "ocr/lines.h"
#include "ocr/quad.h"
#include "ocr/reader.h"

#include <gtest/gtest.h>
#include <layout.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numbers>

namespace hearth::onnx {
namespace {

using testing::any_numbers;
using testing::FakeModel;
using testing::floats;
using testing::picture_of;

// A rectangle of a size, turned by degrees (clockwise) around its middle.
Quad rectangle(float x, float y, float width, float height, double degrees) {
  const double c = std::cos(degrees * std::numbers::pi / 180);
  const double s = std::sin(degrees * std::numbers::pi / 180);
  Quad quad;
  const std::array<std::pair<double, double>, 4> signs{{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}}};
  for (std::size_t i = 0; i < 4; ++i) {
    const double u = signs.at(i).first * width / 2;
    const double v = signs.at(i).second * height / 2;
    quad.corners.at(i) = {static_cast<float>(x + u * c - v * s), static_cast<float>(y + u * s + v * c)};
  }
  return quad;
}

void expect_near(const Quad& a, const Quad& b, double tolerance) {
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(a.corners.at(i).x, b.corners.at(i).x, tolerance) << "corner " << i;
    EXPECT_NEAR(a.corners.at(i).y, b.corners.at(i).y, tolerance) << "corner " << i;
  }
}

TEST(Quad, TurnsAndGrows) {
  const Quad q = rectangle(100, 50, 80, 20, 0);
  EXPECT_FLOAT_EQ(q.width(), 80);
  EXPECT_FLOAT_EQ(q.height(), 20);
  EXPECT_NEAR(q.angle(), 0, 1e-6);
  EXPECT_NEAR(turned(q, 1).angle(), 90, 1e-4);
  EXPECT_FLOAT_EQ(turned(q, 1).width(), 20);
  EXPECT_NEAR(std::abs(turned(q, 2).angle()), 180, 1e-4);
  expect_near(turned(turned(q, 3), 1), q, 1e-4);
  expect_near(grown(rectangle(100, 50, 80, 20, 30), 5), rectangle(100, 50, 90, 30, 30), 1e-3);
}

TEST(Quad, SmallestRectangle) {
  for (const double degrees : {0.0, 10.0, -30.0, 44.0}) {
    const Quad q = rectangle(200, 100, 120, 18, degrees);
    std::vector<Point> points(q.corners.begin(), q.corners.end());
    points.push_back({200, 100});
    expect_near(smallest_rectangle(points), q, 0.05);
  }
  EXPECT_FLOAT_EQ(smallest_rectangle({}).width(), 0);
  const std::vector<Point> one{{3, 4}};
  EXPECT_FLOAT_EQ(smallest_rectangle(one).corners[2].x, 3);
  const std::vector<Point> line{{0, 0}, {5, 0}, {10, 0}};
  EXPECT_FLOAT_EQ(smallest_rectangle(line).width(), 10);
}

RC_GTEST_PROP(Quad, TheSmallestRectangleHoldsAllPoints, ()) {
  const auto coordinates = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 300), rc::gen::inRange(0, 300)));
  std::vector<Point> points;
  for (const auto& [x, y] : coordinates) points.push_back({static_cast<float>(x), static_cast<float>(y)});
  const Quad q = smallest_rectangle(points);
  RC_ASSERT(std::abs(q.angle()) <= 45.01 || q.width() == 0);
  const double angle = q.angle() * std::numbers::pi / 180;
  for (const Point& p : points) {
    const double dx = p.x - q.corners[0].x;
    const double dy = p.y - q.corners[0].y;
    const double u = dx * std::cos(angle) + dy * std::sin(angle);
    const double v = -dx * std::sin(angle) + dy * std::cos(angle);
    RC_ASSERT(u > -0.5 && u < q.width() + 0.5);
    RC_ASSERT(v > -0.5 && v < q.height() + 0.5);
  }
}

// A map with `value` inside the quad.
std::vector<float> map_with(Size size, const std::vector<Quad>& quads, float value) {
  std::vector<float> map(static_cast<std::size_t>(size.width * size.height), 0.02F);
  for (const Quad& q : quads) {
    const double a = q.angle() * std::numbers::pi / 180;
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x) {
        const double dx = x + 0.5 - q.corners[0].x;
        const double dy = y + 0.5 - q.corners[0].y;
        const double u = dx * std::cos(a) + dy * std::sin(a);
        const double v = -dx * std::sin(a) + dy * std::cos(a);
        if (u >= 0 && u <= q.width() && v >= 0 && v <= q.height())
          map[static_cast<std::size_t>(y * size.width + x)] = value;
      }
  }
  return map;
}

TEST(TextBoxes, FindsAndGrowsRectangles) {
  const Size size{400, 200};
  const auto boxes =
      text_boxes(map_with(size, {rectangle(120, 40, 160, 16, 0), rectangle(200, 120, 200, 20, 12)}, 0.9F), size, {});
  ASSERT_TRUE(boxes.has_value());
  ASSERT_EQ(boxes->size(), 2U);
  const float by = 161 * 17 * 1.6F / (2 * (161 + 17));  // with the dilation's pixel
  expect_near(boxes->at(0).quad, rectangle(120.5F, 40.5F, 161 + 2 * by, 17 + 2 * by, 0), 1.5);
  EXPECT_GT(boxes->at(0).score, 0.8);
  EXPECT_NEAR(boxes->at(1).quad.angle(), 12, 1);
}

TEST(TextBoxes, LeavesOutSpecksAndWeakOnes) {
  const Size size{100, 100};
  EXPECT_TRUE(text_boxes(map_with(size, {rectangle(50, 50, 1, 1, 0)}, 0.9F), size, {})->empty());
  EXPECT_TRUE(text_boxes(map_with(size, {rectangle(50, 50, 60, 20, 0)}, 0.4F), size, {})->empty());
  EXPECT_TRUE(text_boxes(map_with(size, {}, 0), size, {})->empty());
  EXPECT_EQ(text_boxes(std::vector<float>(5), size, {}).error().kind(), Errc::invalid_argument);
  EXPECT_EQ(text_boxes({}, {0, 0}, {}).error().kind(), Errc::invalid_argument);
}

TEST(TextBoxes, AFloodIsBounded) {
  const Size size{800, 800};
  std::vector<float> map(640'000, 0.0F);
  for (int y = 0; y < 800; ++y)
    for (int x = 0; x < 800; ++x)
      if (x % 8 < 5 && y % 8 < 5) map[static_cast<std::size_t>(y * 800 + x)] = 0.95F;
  EXPECT_EQ(text_boxes(map, size, {})->size(), 1000U);
}

RC_GTEST_PROP(TextBoxes, AnyMapIsSafe, ()) {
  const Size size{*rc::gen::inRange(1, 30), *rc::gen::inRange(1, 30)};
  const auto boxes = text_boxes(any_numbers(static_cast<std::size_t>(size.width * size.height)), size, {});
  RC_ASSERT(boxes.has_value());
  for (const TextBox& b : *boxes) {
    RC_ASSERT(b.score >= 0.5F && b.score <= 1.0F);
    for (const Point& p : b.quad.corners) RC_ASSERT(std::isfinite(p.x) && std::isfinite(p.y));
  }
}

TEST(TextBoxes, SizesForTheDetector) {
  EXPECT_EQ(detection_size({640, 480}), (Size{992, 736}));
  EXPECT_EQ(detection_size({1654, 2339}), (Size{1408, 1984}));
  EXPECT_EQ(detection_size({10, 10}), (Size{736, 736}));
  EXPECT_EQ(detection_size({40'000, 12}), (Size{1984, 32}));
}

TEST(Ctc, ReadsGreedily) {
  const Characters abc{"a", "b", "é"};
  // blank, a, b, é, space
  const std::vector<float> steps{
      0.1F, 0.9F, 0,    0,    0,     // a
      0,    0.8F, 0.1F, 0,    0,     // a again: the same letter
      0.9F, 0,    0,    0,    0,     // blank
      0,    0.7F, 0,    0,    0,     // a: another one
      0,    0,    0,    0,    0.6F,  // space
      0,    0,    0,    1.5F, 0,     // é
  };
  const auto read = read_ctc(steps, 5, abc);
  ASSERT_TRUE(read.has_value());
  std::string text;
  for (const ReadCharacter& c : *read) text += c.text;
  EXPECT_EQ(text, "aa é");
  EXPECT_FLOAT_EQ(read->at(0).probability, 0.9F);
  EXPECT_FLOAT_EQ(read->at(3).probability, 1) << "no more than sure";
  EXPECT_EQ(read->at(1).step, 3U);
  EXPECT_EQ(read_ctc(std::vector<float>(8), 4, abc)->size(), 0U) << "without a space";
  for (const std::size_t classes : {0UL, 3UL, 6UL})
    EXPECT_EQ(read_ctc(steps, classes, abc).error().kind(), Errc::corrupt);
}

RC_GTEST_PROP(Ctc, AnyNumbersAreSafe, ()) {
  const Characters abc{"a", "b"};
  const auto read = read_ctc(any_numbers(static_cast<std::size_t>(*rc::gen::inRange(0, 20)) * 4), 4, abc);
  RC_ASSERT(read.has_value());
  for (const ReadCharacter& c : *read) RC_ASSERT(c.probability >= 0 && c.probability <= 1);
}

TEST(Ctc, Dictionaries) {
  EXPECT_EQ(parse_dictionary("a\r\n\nb\n中").value(), (Characters{"a", "b", "中"}));
  EXPECT_FALSE(parse_dictionary("").has_value());
  EXPECT_FALSE(parse_dictionary("\xFF").has_value());
  EXPECT_FALSE(parse_dictionary(std::string(65, 'x')).has_value());
}

TEST(Crop, TurnsTextUpright) {
  // White with a red left half.
  std::vector<std::uint8_t> bytes;
  static_cast<void>(picture_of(bytes, 40, 20, 255, 255, 255));
  for (std::size_t y = 0; y < 20; ++y)
    for (std::size_t x = 0; x < 20; ++x) bytes[(y * 40 + x) * 3 + 1] = bytes[(y * 40 + x) * 3 + 2] = 0;
  const PictureView frame{bytes, 40, 20, 3};
  const Quad whole = rectangle(20, 10, 40, 20, 0);
  const auto green = [](const Crop& crop, int x, int y) {
    return int{crop.rgb[static_cast<std::size_t>(y * crop.size.width + x) * 3 + 1]};
  };
  const Crop straight = cut_out(frame, whole, 10, 100);
  EXPECT_EQ(straight.size, (Size{20, 10}));
  EXPECT_EQ(green(straight, 2, 5), 0);
  EXPECT_EQ(green(straight, 17, 5), 255);
  EXPECT_EQ(green(cut_out(frame, turned(whole, 2), 10, 100), 2, 5), 255);
  const Crop down = cut_out(frame, turned(whole, 1), 16, 100);  // read from the right side, downwards
  EXPECT_EQ(down.size, (Size{8, 16}));
  EXPECT_EQ(green(down, 4, 2), 255);
  EXPECT_EQ(green(down, 4, 13), 0);
  EXPECT_EQ(cut_out(frame, whole, 10, 7).size.width, 7);
  EXPECT_EQ(cut_out(frame, {}, 10, 100).size, (Size{1, 10})) << "a place of no size";
}

ReadLine line_of(std::string_view text, const Quad& quad, const Characters& letters) {
  ReadLine line{.quad = quad, .characters = {}, .steps = static_cast<double>(text.size())};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view letter =
        text[i] == ' ' ? std::string_view(" ") : std::string_view(letters[static_cast<std::size_t>(text[i] - 'a')]);
    line.characters.push_back({letter, 0.9F, i});
  }
  return line;
}

Characters alphabet() {
  Characters letters;
  for (char c = 'a'; c <= 'z'; ++c) letters.emplace_back(1, c);
  return letters;
}

TEST(Pages, WordsStandWhereTheyWereRead) {
  const Characters letters = alphabet();
  const auto page = to_page({line_of("the quick fox", rectangle(230, 110, 260, 24, 0), letters),
                             line_of("jumps over it", rectangle(230, 140, 260, 24, 0), letters)},
                            500, 300);
  EXPECT_EQ(ocr::plain_text(page.layout), "the quick fox\njumps over it");
  EXPECT_NEAR(page.confidence, 0.9, 1e-6);
  EXPECT_EQ(page.rotation, 0);
  EXPECT_EQ(page.skew, 0);
  ASSERT_EQ(page.layout.words.size(), 6U);
  const ocr::Box& quick = page.layout.words[1].word.box;  // letters 4 to 8 of 13, each 20 pixels wide
  EXPECT_NEAR(quick.x0, 100 + 3.5 * 20 + 10, 2);
  EXPECT_NEAR(quick.x1, 100 + 9 * 20 + 10, 12);
  EXPECT_EQ(quick.y0, 98);
  EXPECT_EQ(page.layout.words[3].line, 1);
}

TEST(Pages, PiecesOfOneLineAreJoined) {
  const Characters letters = alphabet();
  const auto page = to_page({line_of("world", rectangle(270, 101, 100, 24, 0), letters),
                             line_of("hello", rectangle(150, 100, 100, 24, 0), letters)},
                            500, 300);
  EXPECT_EQ(ocr::plain_text(page.layout), "hello world");
}

TEST(Pages, TurnedAndSkewedPages) {
  const Characters letters = alphabet();
  for (int quarters = 0; quarters < 4; ++quarters) {
    std::vector<ReadLine> lines;
    // Two lines, one under the other as the reader sees them, on a page of 600 × 600 turned around its middle.
    const double angle = quarters * 90 + 3;
    const double s = std::sin(angle * std::numbers::pi / 180);
    const double c = std::cos(angle * std::numbers::pi / 180);
    for (const double below : {0.0, 40.0})
      lines.push_back(
          line_of(below > 0 ? "second line" : "first line",
                  rectangle(static_cast<float>(300 - below * s), static_cast<float>(300 + below * c), 220, 24, angle),
                  letters));
    const auto page = to_page(lines, 600, 600);
    EXPECT_EQ(ocr::plain_text(page.layout), "first line\nsecond line") << quarters;
    EXPECT_EQ(page.rotation, (360 - quarters * 90) % 360);
    EXPECT_NEAR(page.skew, -3, 0.01);
    for (const ocr::PlacedWord& w : page.layout.words) {
      EXPECT_GE(w.word.box.x0, 100);
      EXPECT_LE(w.word.box.x1, 500);
    }
  }
}

RC_GTEST_PROP(Pages, AnyLinesAreSafe, ()) {
  const Characters letters = alphabet();
  std::vector<ReadLine> lines;
  for (int i = *rc::gen::inRange(0, 12); i > 0; --i) {
    const Quad quad =
        rectangle(static_cast<float>(*rc::gen::inRange(-50, 450)), static_cast<float>(*rc::gen::inRange(-50, 350)),
                  static_cast<float>(*rc::gen::inRange(0, 300)), static_cast<float>(*rc::gen::inRange(0, 60)),
                  *rc::gen::inRange(-180, 180));
    lines.push_back(line_of(*rc::gen::container<std::string>(rc::gen::element('a', 'b', 'z', ' ')), quad, letters));
    lines.back().steps = *rc::gen::element(0.0, 1.0, 7.0, 1e9);
  }
  const auto page = to_page(lines, 400, 300);
  for (const ocr::PlacedWord& w : page.layout.words) {
    RC_ASSERT(w.word.box.x0 >= 0 && w.word.box.x0 < w.word.box.x1 && w.word.box.x1 <= 400);
    RC_ASSERT(w.word.box.y0 >= 0 && w.word.box.y0 < w.word.box.y1 && w.word.box.y1 <= 300);
  }
}

std::unique_ptr<FakeModel> picture_model(Shape output, FakeModel::Run run) {
  return std::make_unique<FakeModel>(std::vector<Port>{{"x", Element::float32, {-1, 3, -1, -1}}},
                                     std::vector<Port>{{"y", Element::float32, std::move(output)}}, std::move(run));
}

TEST(OcrReader, FindsTurnsAndReads) {
  const auto found_at = rectangle(400, 368, 400, 40, 0);
  OcrReader::Models models;
  models.detector = picture_model({-1, 1, -1, -1}, [&](const std::vector<Tensor>& in) -> Result<std::vector<Tensor>> {
    EXPECT_EQ(in[0].shape, (Shape{1, 3, 736, 992}));
    return std::vector{floats({1, 1, 736, 992}, map_with({992, 736}, {found_at}, 0.9F))};
  });
  models.classifier = picture_model({-1, 2}, [](const std::vector<Tensor>& in) -> Result<std::vector<Tensor>> {
    EXPECT_EQ(in[0].shape, (Shape{1, 3, 48, 192}));
    return std::vector{floats({1, 2}, {0.02F, 0.98F})};
  });
  models.recogniser = picture_model({-1, -1, 4}, [](const std::vector<Tensor>& in) -> Result<std::vector<Tensor>> {
    EXPECT_EQ(in[0].shape[2], 48);
    EXPECT_EQ(in[0].shape[3] % 32, 0);
    return std::vector{floats({1, 3, 4}, {0, 0.9F, 0, 0, 0, 0, 0, 0.8F, 0, 0, 0.7F, 0})};
  });
  models.dictionary = {"a", "b"};
  const auto reader = OcrReader::create(std::move(models)).value();
  std::vector<std::uint8_t> bytes;
  const PictureView frame = picture_of(bytes, 640, 480, 255, 255, 255);
  const Interrupt never = [] { return Result<void>(); };
  const auto lines = reader->find_lines(frame, never);
  ASSERT_TRUE(lines.has_value()) << lines.error().message();
  ASSERT_EQ(lines->size(), 1U);
  EXPECT_NEAR(std::abs(lines->at(0).quad.angle()), 180, 1);
  const auto read = reader->read_lines(frame, *lines, never);
  ASSERT_TRUE(read.has_value()) << read.error().message();
  const auto page = to_page(*read, 640, 480);
  EXPECT_EQ(ocr::plain_text(page.layout), "a b");
  EXPECT_EQ(page.rotation, 180);
  const Interrupt gone = []() -> Result<void> { return fail(Errc::cancelled, "gone"); };
  EXPECT_EQ(reader->find_lines(frame, gone).error().kind(), Errc::cancelled);
}

TEST(OcrReader, UnsureLinesFollowTheirPage) {
  const auto line = [](float y, float turned, double angle) {
    return FoundLine{.quad = rectangle(200, y, 200, 20, angle), .score = 0.9F, .turned = turned};
  };
  std::vector<FoundLine> lines{line(20, 0.98F, 0), line(50, 0.4F, 0), line(80, 0.7F, 0), line(110, 0.02F, 0),
                               line(200, 0.3F, 90)};
  set_upright(lines);
  const auto is_turned = [](const FoundLine& l) { return std::abs(l.quad.angle()) > 135 || l.quad.angle() < -45; };
  EXPECT_TRUE(is_turned(lines[0]));
  EXPECT_TRUE(is_turned(lines[1])) << "unsure, so as the others";
  EXPECT_TRUE(is_turned(lines[2]));
  EXPECT_FALSE(is_turned(lines[3])) << "sure";
  EXPECT_FALSE(is_turned(lines[4])) << "runs another way, where no other decides";
}

TEST(OcrReader, RefusesOtherModels) {
  OcrReader::Models wrong;
  wrong.detector =
      std::make_unique<FakeModel>(std::vector<Port>{{"x", Element::float32, {1, 576}}}, std::vector<Port>{}, nullptr);
  EXPECT_EQ(OcrReader::create(std::move(wrong)).error().kind(), Errc::unsupported);
  OcrReader::Models mute;
  mute.detector = picture_model({-1, 1, -1, -1}, nullptr);
  mute.recogniser = picture_model({-1, -1, 4}, nullptr);
  EXPECT_EQ(OcrReader::create(std::move(mute)).error().kind(), Errc::invalid_argument) << "no dictionary";
  OcrReader::Models lost;
  lost.detector = picture_model({-1, 1, -1, -1}, [](const std::vector<Tensor>&) -> Result<std::vector<Tensor>> {
    return std::vector{floats({1, 1, 8, 8}, std::vector<float>(64))};
  });
  const auto reader = OcrReader::create(std::move(lost)).value();
  std::vector<std::uint8_t> bytes;
  const PictureView frame = picture_of(bytes, 64, 48, 0, 0, 0);
  EXPECT_EQ(reader->find_lines(frame, [] { return Result<void>(); }).error().kind(), Errc::corrupt);
  EXPECT_EQ(reader->read_lines(frame, {}, [] { return Result<void>(); }).error().kind(), Errc::failed_precondition);
}

}  // namespace
}  // namespace hearth::onnx
