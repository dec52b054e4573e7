#include "picture.h"

#include <fmt/format.h>
#include <leptonica/allheaders.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace hearth::ocr {
namespace {

constexpr int kBlankContrast = 24;    // gray levels between the lightest and the darkest, after averaging
constexpr double kUnevenGround = 28;  // gray levels between lit and unlit ground
constexpr double kLeastSkew = 0.2;    // degrees; less does not disturb the recogniser
constexpr double kSureSkew = 3.0;     // Leptonica's confidence: best score over worst; speckle stays below
constexpr float kSkewRange = 15;      // degrees to either side
constexpr std::int64_t kMeasuredPixels = 4'000'000;
constexpr int kFewLetters = 8;
constexpr double kGrain = 0.08;  // share of ink pixels that stand alone

// A set pixel with four clear neighbours. Made once, never freed.
Sel* alone_pattern() {
  static Sel* const pattern = selCreateFromString(" o oXo o ", 3, 3, "alone");
  return pattern;
}

std::unexpected<Error> no_memory(std::string_view step) {
  return fail(Errc::internal, fmt::format("out of memory while {} the page", step));
}

Result<Picture> replaced(const Picture& before, Pix* next, const Affine& back, std::string_view step) {
  if (next == nullptr) return no_memory(step);
  return Picture{PixPtr(next), back.then(before.to_frame)};
}

std::int64_t pixels_of(Pix* pix) {
  return std::int64_t{pixGetWidth(pix)} * pixGetHeight(pix);
}

std::array<std::int64_t, 256> histogram(Pix* gray, int step) {
  std::array<std::int64_t, 256> counts{};
  for (int y = 0; y < pixGetHeight(gray); y += step) {
    const l_uint32* row = pixGetData(gray) + static_cast<std::ptrdiff_t>(y) * pixGetWpl(gray);
    for (int x = 0; x < pixGetWidth(gray); x += step) ++counts[GET_DATA_BYTE(row, x)];
  }
  return counts;
}

// Otsu's threshold: the level that separates a histogram into two classes with the least variance inside each.
int otsu(const std::array<std::int64_t, 256>& counts) {
  double total = 0;
  double sum = 0;
  for (std::size_t v = 0; v < counts.size(); ++v) {
    total += static_cast<double>(counts[v]);
    sum += static_cast<double>(v) * static_cast<double>(counts[v]);
  }
  double below = 0;
  double sum_below = 0;
  double best = -1;
  int first = 128;
  int last = 128;
  for (std::size_t v = 0; v + 1 < counts.size(); ++v) {
    below += static_cast<double>(counts[v]);
    sum_below += static_cast<double>(v) * static_cast<double>(counts[v]);
    const double above = total - below;
    if (below <= 0 || above <= 0) continue;
    const double gap = sum_below / below - (sum - sum_below) / above;
    const double between = below * above * gap * gap;
    if (between > best * (1 + 1e-9)) first = static_cast<int>(v), best = between;
    if (between >= best * (1 - 1e-9)) last = static_cast<int>(v);
  }
  return (first + last) / 2 + 1;  // the middle of a gap without pixels
}

int step_for(Pix* gray) {
  return std::max(1, static_cast<int>(std::sqrt(static_cast<double>(pixels_of(gray)) / 1e6)));
}

// The ground's brightness in coarse tiles: the level that a tenth of a tile's pixels exceed. Tiles without enough light
// pixels to be ground (a photograph, a dark banner) say nothing.
std::vector<int> ground_tiles(Pix* gray) {
  const int tile = std::max(16, std::max(pixGetWidth(gray), pixGetHeight(gray)) / 24);
  std::vector<int> tiles;
  std::vector<int> values;
  for (int y = 0; y + tile <= pixGetHeight(gray); y += tile)
    for (int x = 0; x + tile <= pixGetWidth(gray); x += tile) {
      values.clear();
      for (int j = y; j < y + tile; j += 3) {
        const l_uint32* row = pixGetData(gray) + static_cast<std::ptrdiff_t>(j) * pixGetWpl(gray);
        for (int i = x; i < x + tile; i += 3) values.push_back(static_cast<int>(GET_DATA_BYTE(row, i)));
      }
      const auto at = static_cast<std::ptrdiff_t>(values.size() * 9 / 10);
      std::nth_element(values.begin(), values.begin() + at, values.end());
      tiles.push_back(values[static_cast<std::size_t>(at)]);
    }
  std::sort(tiles.begin(), tiles.end());
  return tiles;
}

// The share of ink pixels that stand alone: nothing above, below or beside them.
double speck_share(Pix* ink) {
  l_int32 all = 0;
  pixCountPixels(ink, &all, nullptr);
  if (all == 0) return 0;
  const PixPtr alone(pixHMT(nullptr, ink, alone_pattern()));
  l_int32 count = 0;
  if (alone) pixCountPixels(alone.get(), &count, nullptr);
  return static_cast<double>(count) / all;
}

// The power of two (1, 2, 4, 8) to measure slant at: lines stay visible, and the work bounded.
int reduction_for(Pix* ink) {
  int reduction = 1;
  for (std::int64_t left = pixels_of(ink); left > 1'000'000 && reduction < 8; left /= 4) reduction *= 2;
  return reduction;
}

struct Sweep {
  double degrees = 0;
  double confidence = 0;
  double score = 0;
};

Sweep sweep(Pix* ink) {
  l_float32 degrees = 0;
  l_float32 confidence = 0;
  l_float32 score = 0;
  const int reduction = reduction_for(ink);
  if (pixFindSkewSweepAndSearchScore(ink, &degrees, &confidence, &score, reduction, std::max(1, reduction / 2), 0,
                                     kSkewRange, 1.0F, 0.02F) != 0)
    return {};
  return {degrees, confidence, score};
}

}  // namespace

void PixDeleter::operator()(Pix* pix) const noexcept {
  pixDestroy(&pix);
}

int Picture::width() const {
  return pixGetWidth(gray.get());
}

int Picture::height() const {
  return pixGetHeight(gray.get());
}

Picture Picture::copy() const {
  return {PixPtr(pixClone(gray.get())), to_frame};
}

Result<Picture> picture_of(const kit::Frame& frame) {
  const int width = static_cast<int>(frame.header.width);
  const int height = static_cast<int>(frame.header.height);
  PixPtr pix(pixCreateNoInit(width, height, 8));
  if (!pix) return no_memory("copying");
  const auto* from = reinterpret_cast<const unsigned char*>(frame.pixels.data());
  const bool colour = frame.header.channels == 3;
  for (int y = 0; y < height; ++y) {
    l_uint32* row = pixGetData(pix.get()) + static_cast<std::ptrdiff_t>(y) * pixGetWpl(pix.get());
    for (int x = 0; x < width; ++x) {
      unsigned value = from[0];
      if (colour) value = (77U * from[0] + 150U * from[1] + 29U * from[2] + 128U) >> 8U;  // Rec. 601 luma
      SET_DATA_BYTE(row, x, value);
      from += colour ? 3 : 1;
    }
  }
  return Picture{std::move(pix), Affine{}};
}

bool is_blank(const Picture& picture) {
  const PixPtr averaged(pixScaleAreaMap2(picture.gray.get()));
  Pix* seen = averaged ? averaged.get() : picture.gray.get();
  int darkest = 255;
  int lightest = 0;
  for (int y = 0; y < pixGetHeight(seen); ++y) {
    const l_uint32* row = pixGetData(seen) + static_cast<std::ptrdiff_t>(y) * pixGetWpl(seen);
    for (int x = 0; x < pixGetWidth(seen); ++x) {
      const int v = static_cast<int>(GET_DATA_BYTE(row, x));
      darkest = std::min(darkest, v);
      lightest = std::max(lightest, v);
    }
    if (lightest - darkest >= kBlankContrast) return false;
  }
  return true;
}

Result<Picture> with_dark_text(Picture picture) {
  const auto counts = histogram(picture.gray.get(), step_for(picture.gray.get()));
  const int threshold = otsu(counts);
  std::int64_t dark = 0;
  std::int64_t all = 0;
  for (int v = 0; v < 256; ++v) {
    all += counts[static_cast<std::size_t>(v)];
    if (v < threshold) dark += counts[static_cast<std::size_t>(v)];
  }
  if (dark * 2 <= all) return picture;
  if (pixInvert(picture.gray.get(), picture.gray.get()) == nullptr) return no_memory("inverting");
  return picture;
}

Result<Picture> evenly_lit(Picture picture) {
  const std::vector<int> tiles = ground_tiles(picture.gray.get());
  if (tiles.size() < 12) return picture;
  const double low = tiles[tiles.size() / 20];
  const double high = tiles[tiles.size() * 19 / 20];
  if (high - low < kUnevenGround) return picture;
  Pix* level = pixBackgroundNorm(picture.gray.get(), nullptr, nullptr, 16, 24, 30, 60, 230, 2, 2);
  if (level == nullptr) return picture;  // too small or without ground: it stays as it is
  return replaced(picture, level, Affine{}, "lighting");
}

Result<Picture> without_grain(Picture picture) {
  for (int round = 0; round < 2; ++round) {
    HEARTH_TRY_ASSIGN(const PixPtr ink, ink_of(picture));
    if (speck_share(ink.get()) < kGrain) break;
    HEARTH_TRY_ASSIGN(picture, replaced(picture, pixBlockconv(picture.gray.get(), 1, 1), Affine{}, "smoothing"));
  }
  return picture;
}

Result<Picture> turned(Picture picture, int quarters) {
  const double w = picture.width();
  const double h = picture.height();
  Affine back;
  switch (quarters & 3) {
    case 0:
      return picture;
    case 1:
      back = {0, 1, 0, -1, 0, h};
      break;
    case 2:
      back = {-1, 0, w, 0, -1, h};
      break;
    default:
      back = {0, -1, w, 1, 0, 0};
      break;
  }
  return replaced(picture, pixRotateOrth(picture.gray.get(), quarters & 3), back, "turning");
}

Result<Picture> straightened(Picture picture, double degrees) {
  if (std::abs(degrees) < kLeastSkew) return picture;
  const double angle = degrees * std::numbers::pi / 180;
  const int w = picture.width();
  const int h = picture.height();
  Pix* level = pixRotate(picture.gray.get(), static_cast<float>(angle), L_ROTATE_AREA_MAP, L_BRING_IN_WHITE, w, h);
  if (level == nullptr) return no_memory("straightening");
  // Leptonica puts the picture into the middle of a canvas that holds all of it, and turns that about its middle.
  const int big_w = pixGetWidth(level);
  const int big_h = pixGetHeight(level);
  const double cx = big_w / 2;
  const double cy = big_h / 2;
  const double off_x = (big_w - w) / 2;
  const double off_y = (big_h - h) / 2;
  const double c = std::cos(angle);
  const double s = std::sin(angle);
  const Affine back{c, s, cx - c * cx - s * cy - off_x, -s, c, cy + s * cx - c * cy - off_y};
  return replaced(picture, level, back, "straightening");
}

Result<Picture> resized(Picture picture, double factor) {
  if (std::abs(factor - 1) < 0.02) return picture;
  const int w = std::max(1, static_cast<int>(std::lround(picture.width() * factor)));
  const int h = std::max(1, static_cast<int>(std::lround(picture.height() * factor)));
  const Affine back{static_cast<double>(picture.width()) / w, 0, 0, 0, static_cast<double>(picture.height()) / h, 0};
  // Area mapping down, linear interpolation up; pixScale would sharpen, which rings around small print.
  Pix* next = pixScaleGeneral(picture.gray.get(), static_cast<float>(w) / static_cast<float>(picture.width()),
                              static_cast<float>(h) / static_cast<float>(picture.height()), 0, 0);
  if (next == nullptr) return no_memory("scaling");
  return replaced(picture, next, back, "scaling");
}

Result<Picture> framed(Picture picture, int rim) {
  const auto counts = histogram(picture.gray.get(), step_for(picture.gray.get()));
  const auto ground = static_cast<l_uint32>(std::max_element(counts.begin() + 128, counts.end()) - counts.begin());
  return replaced(picture, pixAddBorderGeneral(picture.gray.get(), rim, rim, rim, rim, ground),
                  Affine{1, 0, -static_cast<double>(rim), 0, 1, -static_cast<double>(rim)}, "framing");
}

Result<PixPtr> ink_of(const Picture& picture) {
  const int threshold = otsu(histogram(picture.gray.get(), step_for(picture.gray.get())));
  PixPtr ink(pixThresholdToBinary(picture.gray.get(), threshold));
  if (!ink) return no_memory("measuring");
  return ink;
}

std::optional<double> letter_height(const Picture& picture, Pix* ink) {
  PixPtr reduced;
  double unit = 1;
  if (pixels_of(ink) > kMeasuredPixels * 3) {  // a big picture can have millions of specks
    reduced.reset(pixReduceRankBinaryCascade(ink, 1, 0, 0, 0));
    if (!reduced) return std::nullopt;
    ink = reduced.get();
    unit = 2;
  }
  Boxa* boxes = pixConnCompBB(ink, 8);
  if (boxes == nullptr) return std::nullopt;
  const int tallest = std::max(8, picture.height() / 3);
  std::vector<int> heights;
  for (int i = 0; i < boxaGetCount(boxes); ++i) {
    l_int32 w = 0;
    l_int32 h = 0;
    boxaGetBoxGeometry(boxes, i, nullptr, nullptr, &w, &h);
    if (h >= 4 && w >= 2 && h <= tallest && w <= 8 * h && h <= 12 * w) heights.push_back(h);
  }
  boxaDestroy(&boxes);
  if (heights.size() < kFewLetters) return std::nullopt;
  // The median by height, not by count: specks are many but small.
  std::sort(heights.begin(), heights.end());
  std::int64_t all = 0;
  for (const int h : heights) all += h;
  std::int64_t so_far = 0;
  for (const int h : heights)
    if ((so_far += h) * 2 >= all) return h * unit;
  return std::nullopt;
}

Slant find_slant(Pix* ink) {
  const Sweep across = sweep(ink);
  const PixPtr quarter(pixRotateOrth(ink, 1));
  const Sweep down = quarter ? sweep(quarter.get()) : Sweep{};
  // The score sums squared differences of neighbouring rows; long rows and many of them raise it alike.
  const double w = pixGetWidth(ink);
  const double h = pixGetHeight(ink);
  const double strength_across = across.score / (w * w * h);
  const double strength_down = down.score / (h * h * w);
  Slant slant;
  if (strength_across > 2 * strength_down) slant.direction = Direction::across;
  if (strength_down > 2 * strength_across) slant.direction = Direction::down;
  if (across.confidence >= kSureSkew && std::abs(across.degrees) < kSkewRange - 0.5) slant.degrees = across.degrees;
  return slant;
}

double uprightness(Pix* ink) {
  l_float32 confidence = 0;
  return pixUpDownDetect(ink, &confidence, 0, 0, 0) == 0 ? confidence : 0;
}

}  // namespace hearth::ocr
