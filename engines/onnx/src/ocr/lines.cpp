#include "lines.h"

#include <layout.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace hearth::onnx {
namespace {

constexpr double kWidestGap = 1.5;     // between pieces of one line, in line heights
constexpr double kSharedHeight = 0.5;  // of the flatter piece
constexpr double kLeastSkew = 0.2;     // degrees; less is noise of the boxes

// A word as part of a piece: from where to where along it, 0 to 1.
struct Span {
  std::string text;
  double from = 0;
  double to = 1;
  double confidence = 0;
};

std::vector<Span> words_of(const ReadLine& line) {
  const auto& all = line.characters;
  const auto middle = [&](std::size_t i) {
    return (static_cast<double>(all[i].step) + 0.5) / std::max(line.steps, 1.0);
  };
  std::vector<Span> words;
  for (std::size_t i = 0; i < all.size();) {
    if (all[i].text == " ") {
      ++i;
      continue;
    }
    std::size_t end = i;
    Span word;
    for (; end < all.size() && all[end].text != " "; ++end) {
      word.text += all[end].text;
      word.confidence += static_cast<double>(all[end].probability);
    }
    word.confidence /= static_cast<double>(end - i);
    word.from = i == 0 ? 0 : std::clamp((middle(i) + middle(i - 1)) / 2, 0.0, 1.0);
    word.to = end == all.size() ? 1 : std::clamp((middle(end - 1) + middle(end)) / 2, word.from, 1.0);
    words.push_back(std::move(word));
    i = end;
  }
  return words;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, half);
  return *half;
}

// −180 to 180.
double wrapped(double degrees) {
  return std::remainder(degrees, 360.0);
}

struct Upright {
  ocr::Affine to;  // from the frame to the page as it is read
  ocr::Affine back;
};

// Turns by −angle (clockwise positive) and moves so that nothing is negative.
Upright upright(double angle, int width, int height) {
  const double c = std::cos(angle * std::numbers::pi / 180);
  const double s = std::sin(angle * std::numbers::pi / 180);
  double left = 0;
  double top = 0;
  for (const int x : {0, width})
    for (const int y : {0, height}) {
      left = std::min(left, c * x + s * y);
      top = std::min(top, -s * x + c * y);
    }
  Upright u;
  u.to = {c, s, -left, -s, c, -top};
  u.back = {c, -s, c * left - s * top, s, c, s * left + c * top};
  return u;
}

ocr::Box box_of(const Quad& quad, double from, double to, const ocr::Affine& map) {
  double x0 = 1e18;
  double y0 = 1e18;
  double x1 = -1e18;
  double y1 = -1e18;
  const auto& k = quad.corners;
  for (const double u : {from, to})
    for (const bool below : {false, true}) {
      const Point& a = k.at(below ? 3 : 0);
      const Point& b = k.at(below ? 2 : 1);
      const double x = a.x + u * (static_cast<double>(b.x) - a.x);
      const double y = a.y + u * (static_cast<double>(b.y) - a.y);
      const double mx = map.a * x + map.b * y + map.c;
      const double my = map.d * x + map.e * y + map.f;
      x0 = std::min(x0, mx);
      y0 = std::min(y0, my);
      x1 = std::max(x1, mx);
      y1 = std::max(y1, my);
    }
  const auto whole = [](double v) { return static_cast<int>(std::lround(std::clamp(v, -1e6, 1e6))); };
  return {whole(x0), whole(y0), std::max(whole(x1), whole(x0) + 1), std::max(whole(y1), whole(y0) + 1)};
}

// Pieces that follow each other on one line, left to right.
ocr::Lines join_pieces(std::vector<ocr::Line> pieces) {
  std::ranges::sort(pieces, {}, [](const ocr::Line& l) { return l.box.x0; });
  ocr::Lines lines;
  for (ocr::Line& piece : pieces) {
    const auto before = std::ranges::find_if(lines, [&](const ocr::Line& line) {
      const ocr::Box& last = line.words.back().box;
      const double gap = piece.box.x0 - last.x1;
      const double height = std::min(line.height, piece.height);
      return ocr::shared_height(last, piece.box) >= kSharedHeight && gap < kWidestGap * height && gap > -height &&
             std::max(line.height, piece.height) < 2 * height;
    });
    if (before == lines.end()) {
      lines.push_back(std::move(piece));
      continue;
    }
    before->box = ocr::joined(before->box, piece.box);
    before->height = std::max(before->height, piece.height);
    std::ranges::move(piece.words, std::back_inserter(before->words));
  }
  std::ranges::sort(lines, {}, [](const ocr::Line& l) { return std::pair(l.box.y0, l.box.x0); });
  return lines;
}

}  // namespace

int page_quarters(const std::vector<Quad>& quads) {
  std::array<double, 4> votes{};
  for (const Quad& quad : quads) {
    const auto quarter = static_cast<std::size_t>(std::lround(quad.angle() / 90) & 3);
    votes.at(quarter) += static_cast<double>(quad.width());
  }
  return static_cast<int>(std::ranges::max_element(votes) - votes.begin());
}

ocr::Page to_page(const std::vector<ReadLine>& lines, int width, int height) {
  ocr::Page page;
  std::vector<Quad> quads;
  for (const ReadLine& line : lines)
    if (!line.characters.empty()) quads.push_back(line.quad);
  if (quads.empty()) return page;
  const int quarters = page_quarters(quads);
  std::vector<double> slants;
  for (const Quad& quad : quads)
    if (const double off = wrapped(quad.angle() - quarters * 90); std::abs(off) <= 45) slants.push_back(off);
  double slant = median(std::move(slants));
  if (std::abs(slant) < kLeastSkew) slant = 0;
  const Upright u = upright(quarters * 90 + slant, width, height);

  std::vector<ocr::Line> pieces;
  for (const ReadLine& line : lines) {
    ocr::Line piece;
    piece.height = std::max(static_cast<double>(line.quad.height()), 1.0);
    for (const Span& word : words_of(line)) {
      const ocr::Box box = box_of(line.quad, word.from, word.to, u.to);
      piece.box = ocr::joined(piece.box, box);
      piece.words.push_back({word.text, box, word.confidence});
    }
    if (!piece.words.empty()) pieces.push_back(std::move(piece));
  }
  const ocr::Lines joined = join_pieces(std::move(pieces));
  page.layout = ocr::lay_out(joined);
  page.confidence = ocr::mean_confidence(joined);
  page.rotation = (4 - quarters) % 4 * 90;
  page.skew = -slant;
  if (page.skew == 0) page.skew = 0;  // no negative zero
  for (ocr::PlacedWord& placed : page.layout.words) placed.word.box = u.back.map(placed.word.box, width, height);
  for (ocr::Block& block : page.layout.blocks) block.box = u.back.map(block.box, width, height);
  return page;
}

}  // namespace hearth::onnx
