#include "reader.h"

#include "languages.h"
#include "layout.h"
#include "typeset.h"

#include <hearth/core/edit_distance.h>

#include <gtest/gtest.h>

#include <memory>

namespace hearth::ocr {
namespace {

using namespace hearth::ocr::testing;

const LanguageChoice kAutomatic{"eng", "chi_sim+eng"};

// One for all tests, as loading takes its time; gone before exit(), when Tesseract's own statics go.
class SharedRecogniser : public ::testing::Environment {
 public:
  void TearDown() override { one.reset(); }
  static std::unique_ptr<Recogniser> one;
};
std::unique_ptr<Recogniser> SharedRecogniser::one;
const ::testing::Environment* const kShared = ::testing::AddGlobalTestEnvironment(new SharedRecogniser);

Recogniser& recogniser() {
  if (!SharedRecogniser::one) SharedRecogniser::one = std::make_unique<Recogniser>(find_tessdata("").string());
  return *SharedRecogniser::one;
}

Page read(const kit::Frame& frame, const LanguageChoice& languages = kAutomatic) {
  auto page = read_frame_text(recogniser(), frame, languages, [] { return Result<void>(); });
  EXPECT_TRUE(page) << page.error().describe();
  return page ? std::move(*page) : Page{};
}

double error_rate(const Sheet& sheet, const Page& page) {
  return character_errors(sheet.text(), plain_text(page.layout)).rate();
}

void expect_boxes_inside(const Page& page, const kit::Frame& frame) {
  for (const PlacedWord& w : page.layout.words) {
    EXPECT_GE(w.word.box.x0, 0);
    EXPECT_GE(w.word.box.y0, 0);
    EXPECT_LE(w.word.box.x1, static_cast<int>(frame.header.width));
    EXPECT_LE(w.word.box.y1, static_cast<int>(frame.header.height));
    EXPECT_FALSE(w.word.box.empty());
  }
}

struct Condition {
  const char* name;
  kit::Frame (*change)(const kit::Frame&);
  int rotation;
  double skew;
};

void PrintTo(const Condition& c, std::ostream* out) {
  *out << c.name;
}

class EnglishNote : public ::testing::TestWithParam<Condition> {};

TEST_P(EnglishNote, IsReadToTheLetter) {
  const Sheet sheet = english_note(200);
  const kit::Frame frame = GetParam().change(sheet.frame());
  const Page page = read(frame);
  EXPECT_LE(error_rate(sheet, page), 0.01) << plain_text(page.layout);
  EXPECT_EQ(page.rotation, GetParam().rotation);
  EXPECT_NEAR(page.skew, GetParam().skew, 0.2);
  EXPECT_GT(page.confidence, 0.85);
  expect_boxes_inside(page, frame);
}

INSTANTIATE_TEST_SUITE_P(
    Conditions, EnglishNote,
    ::testing::Values(Condition{"clean", [](const kit::Frame& f) { return f; }, 0, 0},
                      Condition{"quarter", [](const kit::Frame& f) { return testing::turned(f, 1); }, 270, 0},
                      Condition{"half", [](const kit::Frame& f) { return testing::turned(f, 2); }, 180, 0},
                      Condition{"three_quarters", [](const kit::Frame& f) { return testing::turned(f, 3); }, 90, 0},
                      Condition{"skewed", [](const kit::Frame& f) { return skewed(f, 3); }, 0, -3},
                      Condition{"inverted", [](const kit::Frame& f) { return inverted(f); }, 0, 0},
                      Condition{"coloured", [](const kit::Frame& f) { return coloured(f); }, 0, 0},
                      Condition{"low_resolution", [](const kit::Frame& f) { return scaled(f, 0.4); }, 0, 0},
                      Condition{"grain", [](const kit::Frame& f) { return noisy(f, 60); }, 0, 0},
                      Condition{"shade", [](const kit::Frame& f) { return shaded(f, 0.25); }, 0, 0}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(Reader, WordsAreWhereTheyWereSet) {
  const Sheet sheet = english_note(200);
  const kit::Frame frame = skewed(sheet.frame(), 0);
  const Page page = read(frame);
  ASSERT_EQ(page.layout.words.size(), sheet.words().size());
  for (std::size_t i = 0; i < sheet.words().size(); ++i) {
    const SetWord& set = sheet.words()[i];
    const Box& box = page.layout.words[i].word.box;
    EXPECT_EQ(page.layout.words[i].word.text, set.text);
    EXPECT_NEAR(box.x0, set.x0, 6) << set.text;
    EXPECT_NEAR(box.x1, set.x1, 6) << set.text;
    EXPECT_NEAR(box.y0, set.y0, 6) << set.text;
    EXPECT_NEAR(box.y1, set.y1, 6) << set.text;
  }
}

TEST(Reader, BoxesOfATurnedAndSkewedPageAreMappedBack) {
  const Sheet sheet = english_note(200);
  const double degrees = 3;
  const kit::Frame frame = testing::turned(skewed(sheet.frame(), degrees), 2);
  const Page page = read(frame);
  const double w = frame.header.width;
  const double h = frame.header.height;
  const double a = degrees * 3.14159265 / 180;
  std::size_t near = 0;
  std::size_t seen = 0;
  for (std::size_t i = 0; i < std::min(page.layout.words.size(), sheet.words().size()); ++i) {
    const SetWord& set = sheet.words()[i];
    if (page.layout.words[i].word.text != set.text) continue;
    ++seen;
    const double dx = (set.x0 + set.x1) / 2 - w / 2;
    const double dy = (set.y0 + set.y1) / 2 - h / 2;
    const double x = w - (w / 2 + dx * std::cos(a) - dy * std::sin(a));
    const double y = h - (h / 2 + dx * std::sin(a) + dy * std::cos(a));
    const Box& box = page.layout.words[i].word.box;
    if (std::abs((box.x0 + box.x1) / 2.0 - x) < 8 && std::abs((box.y0 + box.y1) / 2.0 - y) < 8) ++near;
  }
  EXPECT_GT(seen, sheet.words().size() / 2);
  EXPECT_EQ(near, seen);
}

TEST(Reader, ChineseIsRecognisedWithoutBeingNamed) {
  const Sheet sheet = chinese_page(200);
  const Page page = read(sheet.frame());
  EXPECT_LE(error_rate(sheet, page), 0.04) << plain_text(page.layout);
  const Page turned_page = read(testing::turned(sheet.frame(), 2));
  EXPECT_EQ(turned_page.rotation, 180);
  EXPECT_LE(error_rate(sheet, turned_page), 0.04);
}

TEST(Reader, AChineseLineInAnEnglishPageIsReadAsChinese) {
  Sheet sheet(1654, 700, 200);
  sheet.paragraph({200, 100}, 1250, 11, kSerif,
                  "This English page has one line of another language in the middle of it, as often happens in manuals "
                  "and on packages of goods from abroad.");
  sheet.line({200, 330}, 11, kChinese, "这是一行中文，用来测试混合页面的识别。");
  sheet.paragraph(
      {200, 380}, 1250, 11, kSerif,
      "Then it goes on in English and tells of other things, with words enough to be sure of the language.");
  const Page page = read(sheet.frame());
  EXPECT_LE(error_rate(sheet, page), 0.03) << plain_text(page.layout);
}

TEST(Reader, ColumnsAreReadOneAfterTheOther) {
  const Sheet sheet = two_columns(200);
  EXPECT_LE(error_rate(sheet, read(sheet.frame())), 0.01);
}

TEST(Reader, StructureBecomesMarkdown) {
  const Page page = read(report_page().frame());
  const std::string text = markdown(page.layout);
  EXPECT_TRUE(text.starts_with("# Annual Report\n\n## Figures of the year\n\nThis page has a heading")) << text;
  EXPECT_NE(text.find("- First item of the list\n- Second item, which is longer\n- Third item"), std::string::npos);
  EXPECT_NE(text.find("1. Open the lid\n2. Pour in the water\n3. Close the lid again"), std::string::npos);
  EXPECT_NE(text.find("| Item | Count | Price | Total |\n| --- | --- | --- | --- |\n| Apples | 12 | 0.50 | 6.00 |"),
            std::string::npos);
  EXPECT_NE(text.find("| Sum | 22 |  | 18.35 |"), std::string::npos);
}

TEST(Reader, ASingleWordIsRead) {
  Sheet sheet(300, 60, 96);
  sheet.line({20, 40}, 20, kSans, "Hearth");
  EXPECT_EQ(plain_text(read(sheet.frame()).layout), "Hearth");
  const Page down = read(testing::turned(sheet.frame(), 2));
  EXPECT_EQ(plain_text(down.layout), "Hearth");
  EXPECT_EQ(down.rotation, 180);
}

TEST(Reader, WithoutTextThereIsAnEmptyPage) {
  for (const kit::Frame& frame :
       {blank(800, 600, 255), blank(800, 600, 0), blank(1, 1, 0), blank(1, 1, 200, 3), blank(40000, 12, 255),
        noisy(blank(40000, 12, 128), 80), noisy(blank(3, 4000, 128), 80), noisy(blank(800, 600, 128), 60)}) {
    const Page page = read(frame);
    EXPECT_TRUE(page.layout.words.empty()) << frame.header.width << "x" << frame.header.height;
    EXPECT_EQ(page.confidence, 0);
    EXPECT_EQ(plain_text(page.layout), "");
  }
}

TEST(Reader, AVeryWideFrameIsRead) {
  Sheet sheet(20000, 80, 200);
  sheet.line({40, 55}, 11, kSerif, "The beginning of a very wide page");
  const Page page = read(sheet.frame());
  EXPECT_EQ(plain_text(page.layout), "The beginning of a very wide page");
}

TEST(Reader, StopsWhenInterrupted) {
  int asked = 0;
  const kit::Frame frame = english_page(100).frame();
  const auto page = read_frame_text(recogniser(), frame, kAutomatic, [&]() -> Result<void> {
    if (++asked > 3) return fail(Errc::cancelled, "the client has left");
    return {};
  });
  ASSERT_FALSE(page);
  EXPECT_TRUE(page.error().is(Errc::cancelled));
  EXPECT_LT(asked, 12);                  // it does not go on after the answer
  const Sheet note = english_note(150);  // and the recogniser is as good as before
  EXPECT_LE(error_rate(note, read(note.frame())), 0.01);
}

TEST(Reader, AMissingModelIsAnError) {
  Recogniser lost("/nonexistent");
  const auto page = read_frame_text(lost, english_note(100).frame(), {"eng", {}}, [] { return Result<void>(); });
  ASSERT_FALSE(page);
  EXPECT_TRUE(page.error().is(Errc::failed_precondition));
}

}  // namespace
}  // namespace hearth::ocr
