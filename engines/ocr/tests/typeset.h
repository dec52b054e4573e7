// Pages typeset at test time with cairo, and what a scanner or a phone does to them. The text is known to the letter,
// so error rates are exact.
#pragma once

#include <hearth/kit/frames.h>

#include <cairo/cairo.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::ocr::testing {

struct Point {
  double x = 0;
  double y = 0;
};

// Where a word was set, in pixels of the page.
struct SetWord {
  std::string text;
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

enum class Weight { normal, bold };

inline constexpr std::string_view kSerif = "DejaVu Serif";
inline constexpr std::string_view kSans = "DejaVu Sans";
inline constexpr std::string_view kChinese = "WenQuanYi Micro Hei";

// A white page of gray pixels.
class Sheet {
 public:
  Sheet(int width, int height, double dpi);
  // Sets one line with its baseline's left end at `at`; returns the pen's x after it.
  double line(Point at, double points, std::string_view font, std::string_view text, Weight weight = Weight::normal);
  // Breaks `text` at spaces (Chinese: anywhere) to `width` and sets it, its top at `at`; returns the y below the last
  // line. The lines as broken are added to text().
  double paragraph(Point at, double width, double points, std::string_view font, std::string_view text,
                   Weight weight = Weight::normal);
  void rule(Point from, Point to, double thickness);
  void fill(Point from, Point to, double gray);
  void ink(double gray) { ink_ = gray; }
  // All lines set, in order, each with a newline.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::vector<SetWord>& words() const { return words_; }
  [[nodiscard]] double pixels(double points) const { return points * dpi_ / 72.0; }
  [[nodiscard]] kit::Frame frame() const;

 private:
  void font(double points, std::string_view family, Weight weight);
  double width_of(const std::string& text) const;

  std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface_;
  std::unique_ptr<cairo_t, decltype(&cairo_destroy)> cairo_;
  double dpi_;
  double ink_ = 0;
  std::string text_;
  std::vector<SetWord> words_;
};

kit::Frame turned(const kit::Frame& frame, int quarters_clockwise);
// Turned clockwise about the centre, on a canvas of the same size; the corners become white.
kit::Frame skewed(const kit::Frame& frame, double degrees_clockwise);
kit::Frame inverted(const kit::Frame& frame);
kit::Frame scaled(const kit::Frame& frame, double factor);
// Gaussian noise of `sigma` gray levels, always the same.
kit::Frame noisy(const kit::Frame& frame, double sigma);
// As lit by a lamp at the left: brightness falls to `darkest` (0 to 1) at the right edge.
kit::Frame shaded(const kit::Frame& frame, double darkest);
kit::Frame blurred(const kit::Frame& frame, int radius);
kit::Frame coloured(const kit::Frame& frame);
kit::Frame blank(std::uint32_t width, std::uint32_t height, unsigned char gray, std::uint32_t channels = 1);

// An A4 page of English prose, 11 points, at `dpi`.
Sheet english_page(double dpi);
// A strip of it: two paragraphs.
Sheet english_note(double dpi);
Sheet chinese_page(double dpi);
Sheet two_columns(double dpi);
// Headings, paragraphs, a bulleted and a numbered list, and a table.
Sheet report_page();

}  // namespace hearth::ocr::testing
