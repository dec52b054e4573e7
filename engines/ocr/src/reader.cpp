#include "reader.h"

#include "layout.h"
#include "text.h"

#include <algorithm>
#include <cmath>

namespace hearth::ocr {
namespace {

constexpr int kRim = 12;       // pixels of ground set around a picture
constexpr int kLeastSide = 8;  // pixels; no legible letter is smaller
constexpr int kLeastPrepared = 12 + 2 * kRim;
constexpr int kMostSide = 30000;          // Tesseract's coordinates have 16 bits
constexpr double kMostRecognised = 24e6;  // pixels a picture may be enlarged to
constexpr double kSmallLetters = 13;      // letters below this height are enlarged …
constexpr double kBigLetters = 40;        // … above this reduced …
constexpr double kGoodLetters = 22;       // … to this
constexpr double kMostEnlarged = 4;
constexpr double kSureUpright = 6;        // Leptonica's measure
constexpr double kSureOrientation = 3.0;  // Tesseract's
constexpr double kWeak = 0.6;             // a mean confidence that asks for another try
constexpr double kBetter = 0.08;          // what another try must gain
constexpr double kWeakWord = 0.5;
constexpr double kWeakShare = 0.08;       // of the letters, in weak words: perhaps another script
constexpr std::size_t kFewLetters = 120;  // a page so short may be tried in all four orientations
constexpr double kSmallPicture = 1.5e6;   // pixels; only these are worth another try that may be in vain
constexpr double kNoise = 0.25;           // lines below are specks and textures, not text …
constexpr std::size_t kNoLetters = 8;     // … and so is a page with fewer letters, weakly read

struct Prepared {
  Picture picture;
  int quarters = 0;
  double skew = 0;
  std::string script;     // from orientation detection, if it was asked
  bool oriented = false;  // the orientation is sure
};

double pixels_in(const Picture& picture) {
  return static_cast<double>(picture.width()) * picture.height();
}

double scale_for(const Picture& picture, std::optional<double> letters) {
  double factor = 1;
  if (letters && *letters < kSmallLetters) factor = std::min(kGoodLetters / *letters, kMostEnlarged);
  if (letters && *letters > kBigLetters) factor = kGoodLetters / *letters;
  if (factor > 1) factor = std::max(1.0, std::min(factor, std::sqrt(kMostRecognised / pixels_in(picture))));
  return std::min(factor, static_cast<double>(kMostSide) / std::max(picture.width(), picture.height()));
}

Result<Picture> cleaned(Picture picture) {
  HEARTH_TRY_ASSIGN(picture, with_dark_text(std::move(picture)));
  HEARTH_TRY_ASSIGN(picture, evenly_lit(std::move(picture)));
  return without_grain(std::move(picture));
}

// Levels the lines of a picture that stands upright or on its head.
Result<void> straighten(Prepared& p) {
  HEARTH_TRY_ASSIGN(const PixPtr ink, ink_of(p.picture));
  p.skew = find_slant(ink.get()).degrees;
  HEARTH_TRY_ASSIGN(p.picture, straightened(std::move(p.picture), p.skew));
  return {};
}

// Sets the page upright where that is sure. Latin print that stands on its feet is seen at once; everything else costs
// a look by Tesseract's orientation and script detection.
Result<void> set_upright(Prepared& p, Recogniser& recogniser, Direction direction) {
  HEARTH_TRY_ASSIGN(const PixPtr ink, ink_of(p.picture));
  const double upright = direction == Direction::across ? uprightness(ink.get()) : 0;
  if (upright >= kSureUpright) {
    p.oriented = true;
    return {};
  }
  int quarters = 0;
  const auto found = recogniser.orientation(p.picture);
  if (found && found->confidence >= kSureOrientation) {
    quarters = found->quarters;
    p.script = found->script;
    p.oriented = true;
  } else if (upright <= -kSureUpright) {
    quarters = 2;
  }
  p.quarters = quarters;
  HEARTH_TRY_ASSIGN(p.picture, turned(std::move(p.picture), quarters));
  return {};
}

Result<Prepared> prepare(Picture picture, Recogniser& recogniser) {
  HEARTH_TRY_ASSIGN(picture, cleaned(std::move(picture)));
  Prepared p;
  Direction direction = Direction::unclear;
  {
    HEARTH_TRY_ASSIGN(const PixPtr ink, ink_of(picture));
    const double factor = scale_for(picture, letter_height(picture, ink.get()));
    const Slant slant = find_slant(ink.get());
    direction = slant.direction;
    HEARTH_TRY_ASSIGN(p.picture, resized(std::move(picture), factor));
    if (direction != Direction::down) {
      p.skew = slant.degrees;
      HEARTH_TRY_ASSIGN(p.picture, straightened(std::move(p.picture), p.skew));
    }
  }
  HEARTH_TRY(set_upright(p, recogniser, direction));
  if (direction == Direction::down) {
    HEARTH_TRY(straighten(p));
  }
  HEARTH_TRY_ASSIGN(p.picture, framed(std::move(p.picture), kRim));
  return p;
}

double line_confidence(const Line& line) {
  return mean_confidence({line});
}

std::size_t letters_in(const Lines& lines) {
  std::size_t n = 0;
  for (const Line& line : lines)
    for (const Word& word : line.words) n += letter_count(word.text);
  return n;
}

double weak_share(const Lines& lines) {
  std::size_t weak = 0;
  for (const Line& line : lines)
    for (const Word& word : line.words)
      if (word.confidence < kWeakWord) weak += letter_count(word.text);
  const std::size_t all = letters_in(lines);
  return all == 0 ? 0 : static_cast<double>(weak) / static_cast<double>(all);
}

// Automatic segmentation overlooks a single word now and then.
Result<Lines> recognise(Recogniser& recogniser, const Picture& picture, const std::string& languages,
                        const Interrupt& interrupt) {
  HEARTH_TRY_ASSIGN(Lines lines, recogniser.read(picture, languages, Segmentation::automatic, interrupt));
  if (!lines.empty() || pixels_in(picture) > kSmallPicture) return lines;
  return recogniser.read(picture, languages, Segmentation::single_block, interrupt);
}

bool is_east_asian(const std::string& script) {
  return script == "Han" || script == "Japanese" || script == "Korean" || script == "Hangul" || script == "Katakana" ||
         script == "Hiragana";
}

struct Reading {
  Lines lines;
  double confidence = 0;
};

Result<Reading> read_in(Recogniser& recogniser, const Picture& picture, const LanguageChoice& languages,
                        const std::string& script, const Interrupt& interrupt) {
  const bool other_first = !languages.other.empty() && is_east_asian(script);
  const std::string& first = other_first ? languages.other : languages.main;
  HEARTH_TRY_ASSIGN(Lines lines, recognise(recogniser, picture, first, interrupt));
  Reading reading{std::move(lines), 0};
  reading.confidence = mean_confidence(reading.lines);
  if (languages.other.empty() || other_first || weak_share(reading.lines) < kWeakShare) return reading;
  HEARTH_TRY_ASSIGN(Lines again, recognise(recogniser, picture, languages.other, interrupt));
  const double confidence = mean_confidence(again);
  if (confidence > reading.confidence + kBetter / 2) reading = {std::move(again), confidence};
  return reading;
}

// Short pages say too little for orientation detection; if one reads badly, the other ways up are tried.
Result<void> try_other_ways_up(Prepared& p, Reading& reading, Recogniser& recogniser, const LanguageChoice& languages,
                               const Interrupt& interrupt) {
  if (p.oriented || reading.confidence >= kWeak || letters_in(reading.lines) > kFewLetters) return {};
  if (pixels_in(p.picture) > kSmallPicture) return {};
  int best_turn = 0;
  for (const int turn : {2, 1, 3}) {
    HEARTH_TRY_ASSIGN(Picture other, turned(p.picture.copy(), turn));
    HEARTH_TRY_ASSIGN(Lines lines, recognise(recogniser, other, languages.main, interrupt));
    const double confidence = mean_confidence(lines);
    if (confidence < kWeak || confidence < reading.confidence + kBetter) continue;
    reading = {std::move(lines), confidence};
    best_turn = turn;
  }
  if (best_turn == 0) return {};
  HEARTH_TRY_ASSIGN(p.picture, turned(std::move(p.picture), best_turn));
  p.quarters = (p.quarters + best_turn) % 4;
  return {};
}

void drop_noise(Lines& lines) {
  std::erase_if(lines, [](const Line& line) { return line_confidence(line) < kNoise; });
  if (letters_in(lines) < kNoLetters && mean_confidence(lines) < kWeak) lines.clear();
}

}  // namespace

Result<Page> read_frame_text(Recogniser& recogniser, kit::Frame frame, const LanguageChoice& languages,
                             const Interrupt& interrupt) {
  Page page;
  const int width = static_cast<int>(frame.header.width);
  const int height = static_cast<int>(frame.header.height);
  if (std::min(width, height) < kLeastSide) return page;
  HEARTH_TRY_ASSIGN(Picture picture, picture_of(frame));
  frame.pixels = std::string();
  if (is_blank(picture)) return page;
  HEARTH_TRY(interrupt());
  HEARTH_TRY_ASSIGN(Prepared prepared, prepare(std::move(picture), recogniser));
  HEARTH_TRY(interrupt());
  // What had to be reduced to this (a strip of 40,000 × 12 pixels) has no legible letters left, and would take minutes.
  if (std::min(prepared.picture.width(), prepared.picture.height()) < kLeastPrepared) return page;
  HEARTH_TRY_ASSIGN(Reading reading, read_in(recogniser, prepared.picture, languages, prepared.script, interrupt));
  HEARTH_TRY(try_other_ways_up(prepared, reading, recogniser, languages, interrupt));
  drop_noise(reading.lines);
  page.layout = lay_out(reading.lines);
  page.confidence = mean_confidence(reading.lines);
  if (reading.lines.empty()) return page;
  page.rotation = prepared.quarters * 90;
  page.skew = std::abs(prepared.skew) < 0.2 ? 0 : prepared.skew;
  const Affine& back = prepared.picture.to_frame;
  for (PlacedWord& placed : page.layout.words) placed.word.box = back.map(placed.word.box, width, height);
  for (Block& block : page.layout.blocks) block.box = back.map(block.box, width, height);
  return page;
}

}  // namespace hearth::ocr
