#include "typeset.h"

#include <hearth/core/utf8.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <random>

// fontconfig keeps its configuration until the process ends.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier): LeakSanitizer's name
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libfontconfig\n";
}

namespace hearth::ocr::testing {
namespace {

kit::FrameHeader header_of(std::uint32_t width, std::uint32_t height, std::uint32_t channels, double dpi) {
  kit::FrameHeader h;
  h.kind = "image";
  h.total = 1;
  h.width = width;
  h.height = height;
  h.channels = channels;
  h.dpi = dpi;
  return h;
}

unsigned char gray_at(const kit::Frame& f, std::int64_t x, std::int64_t y) {
  if (x < 0 || y < 0 || x >= f.header.width || y >= f.header.height) return 255;
  return static_cast<unsigned char>(f.pixels[static_cast<std::size_t>(y * f.header.width + x)]);
}

// Bilinear.
unsigned char sample(const kit::Frame& f, double x, double y) {
  const double fx = std::floor(x);
  const double fy = std::floor(y);
  const auto ix = static_cast<std::int64_t>(fx);
  const auto iy = static_cast<std::int64_t>(fy);
  const double dx = x - fx;
  const double dy = y - fy;
  const double top = gray_at(f, ix, iy) * (1 - dx) + gray_at(f, ix + 1, iy) * dx;
  const double bottom = gray_at(f, ix, iy + 1) * (1 - dx) + gray_at(f, ix + 1, iy + 1) * dx;
  return static_cast<unsigned char>(std::lround(top * (1 - dy) + bottom * dy));
}

template <typename Change>
kit::Frame each_pixel(const kit::Frame& frame, const Change& change) {
  kit::Frame out = frame;
  const std::uint32_t w = frame.header.width;
  for (std::size_t i = 0; i < out.pixels.size(); ++i) {
    const double v =
        change(static_cast<unsigned char>(out.pixels[i]), static_cast<double>(i % w), static_cast<double>(i / w));
    out.pixels[i] = static_cast<char>(static_cast<unsigned char>(std::lround(std::clamp(v, 0.0, 255.0))));
  }
  return out;
}

bool is_closing(std::string_view c) {
  return c == "，" || c == "。" || c == "；" || c == "、" || c == "：";
}

// Pieces a line may be broken between: words, or single Chinese characters.
std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> out;
  bool glue = false;
  while (!text.empty()) {
    const std::size_t n = std::max<std::size_t>(1, utf8_sequence_length(text));
    const std::string_view c = text.substr(0, n);
    if (c == " ") {
      if (!out.empty()) out.back() += ' ';
      glue = false;
    } else if (n >= 3 && !out.empty() && is_closing(c)) {  // stays with what it closes
      out.back() += c;
    } else if (n >= 3 || !glue) {
      out.emplace_back(c);
      glue = n < 3;
    } else {
      out.back() += c;
    }
    text.remove_prefix(n);
  }
  return out;
}

}  // namespace

Sheet::Sheet(int width, int height, double dpi)
    : surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height), &cairo_surface_destroy),
      cairo_(cairo_create(surface_.get()), &cairo_destroy),
      dpi_(dpi) {
  cairo_set_source_rgb(cairo_.get(), 1, 1, 1);
  cairo_paint(cairo_.get());
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_set_font_options(cairo_.get(), options);
  cairo_font_options_destroy(options);
}

void Sheet::font(double points, std::string_view family, Weight weight) {
  cairo_select_font_face(cairo_.get(), std::string(family).c_str(), CAIRO_FONT_SLANT_NORMAL,
                         weight == Weight::bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cairo_.get(), pixels(points));
  cairo_set_source_rgb(cairo_.get(), ink_, ink_, ink_);
}

double Sheet::width_of(const std::string& text) const {
  cairo_text_extents_t extents;
  cairo_text_extents(cairo_.get(), text.c_str(), &extents);
  return extents.x_advance;
}

double Sheet::line(Point at, double points, std::string_view family, std::string_view text, Weight weight) {
  font(points, family, weight);
  double x = at.x;
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t end = std::min(text.find(' ', i), text.size());
    const std::string word(text.substr(i, end - i));
    if (!word.empty()) {
      cairo_text_extents_t e;
      cairo_text_extents(cairo_.get(), word.c_str(), &e);
      cairo_move_to(cairo_.get(), x, at.y);
      cairo_show_text(cairo_.get(), word.c_str());
      words_.push_back(
          {word, x + e.x_bearing, at.y + e.y_bearing, x + e.x_bearing + e.width, at.y + e.y_bearing + e.height});
      x += e.x_advance;
    }
    if (end < text.size()) x += width_of(" ");
    i = end + 1;
  }
  text_ += text;
  text_ += '\n';
  return x;
}

double Sheet::paragraph(Point at, double width, double points, std::string_view family, std::string_view text,
                        Weight weight) {
  font(points, family, weight);
  const double pitch = pixels(points) * 1.35;
  double y = at.y + pixels(points);
  std::string current;
  const auto flush = [&] {
    while (!current.empty() && current.back() == ' ') current.pop_back();
    if (current.empty()) return;
    line({at.x, y}, points, family, current, weight);
    y += pitch;
    current.clear();
  };
  for (const std::string& piece : pieces_of(text)) {
    std::string trial = current + piece;
    while (!trial.empty() && trial.back() == ' ') trial.pop_back();
    if (!current.empty() && width_of(trial) > width) flush();
    current += piece;
  }
  flush();
  return y - pixels(points);
}

void Sheet::rule(Point from, Point to, double thickness) {
  cairo_set_source_rgb(cairo_.get(), ink_, ink_, ink_);
  cairo_set_line_width(cairo_.get(), thickness);
  cairo_move_to(cairo_.get(), from.x, from.y);
  cairo_line_to(cairo_.get(), to.x, to.y);
  cairo_stroke(cairo_.get());
}

void Sheet::fill(Point from, Point to, double gray) {
  cairo_set_source_rgb(cairo_.get(), gray, gray, gray);
  cairo_rectangle(cairo_.get(), from.x, from.y, to.x - from.x, to.y - from.y);
  cairo_fill(cairo_.get());
}

kit::Frame Sheet::frame() const {
  cairo_surface_flush(surface_.get());
  const int w = cairo_image_surface_get_width(surface_.get());
  const int h = cairo_image_surface_get_height(surface_.get());
  const int stride = cairo_image_surface_get_stride(surface_.get());
  const unsigned char* data = cairo_image_surface_get_data(surface_.get());
  kit::Frame f;
  f.header = header_of(static_cast<std::uint32_t>(w), static_cast<std::uint32_t>(h), 1, dpi_);
  f.pixels.resize(f.header.size());
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x)
      f.pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(w) + static_cast<std::size_t>(x)] =
          static_cast<char>(data[static_cast<std::ptrdiff_t>(y) * stride + std::ptrdiff_t{4} * x]);
  return f;
}

kit::Frame turned(const kit::Frame& frame, int quarters) {
  const std::uint32_t w = frame.header.width;
  const std::uint32_t h = frame.header.height;
  kit::Frame out;
  const bool swap = quarters % 2 != 0;
  out.header = header_of(swap ? h : w, swap ? w : h, 1, frame.header.dpi);
  out.pixels.resize(frame.pixels.size());
  for (std::uint32_t y = 0; y < h; ++y)
    for (std::uint32_t x = 0; x < w; ++x) {
      std::uint32_t tx = x;
      std::uint32_t ty = y;
      if (quarters == 1) tx = h - 1 - y, ty = x;
      if (quarters == 2) tx = w - 1 - x, ty = h - 1 - y;
      if (quarters == 3) tx = y, ty = w - 1 - x;
      out.pixels[std::size_t{ty} * out.header.width + tx] = frame.pixels[std::size_t{y} * w + x];
    }
  return out;
}

kit::Frame skewed(const kit::Frame& frame, double degrees) {
  const double a = degrees * std::numbers::pi / 180;
  const double cx = frame.header.width / 2.0;
  const double cy = frame.header.height / 2.0;
  kit::Frame out = frame;
  for (std::uint32_t y = 0; y < frame.header.height; ++y)
    for (std::uint32_t x = 0; x < frame.header.width; ++x) {
      const double dx = x - cx;
      const double dy = y - cy;
      out.pixels[std::size_t{y} * frame.header.width + x] = static_cast<char>(
          sample(frame, cx + dx * std::cos(a) + dy * std::sin(a), cy - dx * std::sin(a) + dy * std::cos(a)));
    }
  return out;
}

kit::Frame inverted(const kit::Frame& frame) {
  return each_pixel(frame, [](unsigned char v, double, double) { return 255.0 - v; });
}

kit::Frame scaled(const kit::Frame& frame, double factor) {
  kit::Frame out;
  const auto w = static_cast<std::uint32_t>(std::max(1.0, std::round(frame.header.width * factor)));
  const auto h = static_cast<std::uint32_t>(std::max(1.0, std::round(frame.header.height * factor)));
  out.header = header_of(w, h, 1, frame.header.dpi * factor);
  out.pixels.resize(out.header.size());
  const double step = 1 / factor;
  const int taps = std::max(1, static_cast<int>(std::ceil(step * 2)));
  for (std::uint32_t y = 0; y < h; ++y)
    for (std::uint32_t x = 0; x < w; ++x) {
      double sum = 0;
      for (int j = 0; j < taps; ++j)
        for (int i = 0; i < taps; ++i)
          sum += sample(frame, (x + (i + 0.5) / taps) * step - 0.5, (y + (j + 0.5) / taps) * step - 0.5);
      out.pixels[std::size_t{y} * w + x] = static_cast<char>(static_cast<unsigned char>(sum / (taps * taps) + 0.5));
    }
  return out;
}

kit::Frame noisy(const kit::Frame& frame, double sigma) {
  std::mt19937 random(7);
  std::normal_distribution<double> normal(0, sigma);
  return each_pixel(frame, [&](unsigned char v, double, double) { return v + normal(random); });
}

kit::Frame shaded(const kit::Frame& frame, double darkest) {
  const double w = frame.header.width;
  return each_pixel(frame, [&](unsigned char v, double x, double) { return v * (1 - (1 - darkest) * x / w); });
}

kit::Frame blurred(const kit::Frame& frame, int radius) {
  kit::Frame out = frame;
  const double n = (2 * radius + 1) * (2 * radius + 1);
  for (std::uint32_t y = 0; y < frame.header.height; ++y)
    for (std::uint32_t x = 0; x < frame.header.width; ++x) {
      double sum = 0;
      for (int j = -radius; j <= radius; ++j)
        for (int i = -radius; i <= radius; ++i) sum += gray_at(frame, std::int64_t{x} + i, std::int64_t{y} + j);
      out.pixels[std::size_t{y} * frame.header.width + x] = static_cast<char>(static_cast<unsigned char>(sum / n));
    }
  return out;
}

kit::Frame coloured(const kit::Frame& frame) {
  kit::Frame out;
  out.header = header_of(frame.header.width, frame.header.height, 3, frame.header.dpi);
  out.pixels.reserve(out.header.size());
  for (const char c : frame.pixels) {  // dark blue on cream
    const double v = static_cast<unsigned char>(c) / 255.0;
    out.pixels.push_back(static_cast<char>(static_cast<unsigned char>(20 + v * 230)));
    out.pixels.push_back(static_cast<char>(static_cast<unsigned char>(30 + v * 210)));
    out.pixels.push_back(static_cast<char>(static_cast<unsigned char>(90 + v * 120)));
  }
  return out;
}

kit::Frame blank(std::uint32_t width, std::uint32_t height, unsigned char gray, std::uint32_t channels) {
  kit::Frame f;
  f.header = header_of(width, height, channels, 0);
  f.pixels.assign(f.header.size(), static_cast<char>(gray));
  return f;
}

namespace {

constexpr std::string_view kProse[] = {
    "The lamp in the harbour office was lit before dawn. Every boat that came in was written down: its name, the hour, "
    "what it carried, and who had asked for it. On an ordinary day there were forty lines in the book, and on the day "
    "of the autumn market more than two hundred.",
    "Nobody remembered when the custom had begun. The oldest volume that could still be read was from 1843, and its "
    "first entry already referred to an earlier one. The paper had turned brown at the edges, but the ink was as dark "
    "as on the day it was used; the clerks of that time had mixed it themselves.",
    "A careful reader could learn a good deal from these pages. Prices rose by 12% in one winter and fell again by "
    "spring; a storm in March took the roof of the grain store; and for three weeks in 1871 no ship arrived at all, "
    "although the weather was fair and the wind came from the south-west.",
    "When the harbour was enlarged, the books were moved to a dry room behind the customs house. There they stand "
    "today, one hundred and sixteen of them, on shelves that were made for the purpose. Visitors are welcome on "
    "Thursdays between 10:30 and 16:00, and a copy of any page can be had for a small fee.",
};

constexpr std::string_view kChineseProse[] = {
    "清晨的港口办公室总是最早亮灯的地方。每一条进港的船都要登记船名、时间、货物和收货人。平常的日子一天大约有四十条记录"
    "，"
    "到了秋天的集市，一天会超过两百条。",
    "没有人记得这个习惯是从什么时候开始的。现在还能看清的最早一本是一百多年前写的，第一页就提到了更早的记录。纸的边缘已"
    "经发黄，"
    "但是墨水的颜色仍然很深，因为那时的人自己制作墨水。",
    "仔细阅读的人可以从这些本子里学到很多东西。有一年冬天价格上涨了，春天又下降；三月的大风吹走了粮仓的屋顶；"
    "还有三个星期没有一条船到达，虽然天气很好，风也不大。",
};

}  // namespace

Sheet english_page(double dpi) {
  Sheet sheet(static_cast<int>(std::lround(8.27 * dpi)), static_cast<int>(std::lround(11.69 * dpi)), dpi);
  const double margin = dpi;
  const double width = 6.27 * dpi;
  double y = margin;
  for (int round = 0; round < 3; ++round)
    for (const std::string_view p : kProse)
      if (y < 9.6 * dpi) y = sheet.paragraph({margin, y}, width, 11, kSerif, p) + sheet.pixels(8);
  return sheet;
}

Sheet english_note(double dpi) {
  Sheet sheet(static_cast<int>(std::lround(8.27 * dpi)), static_cast<int>(std::lround(3.2 * dpi)), dpi);
  double y = 0.6 * dpi;
  for (const std::string_view p : {kProse[0], kProse[3]})
    y = sheet.paragraph({dpi, y}, 6.27 * dpi, 11, kSerif, p) + sheet.pixels(8);
  return sheet;
}

Sheet chinese_page(double dpi) {
  Sheet sheet(static_cast<int>(std::lround(8.27 * dpi)), static_cast<int>(std::lround(6.0 * dpi)), dpi);
  double y = 0.8 * dpi;
  for (const std::string_view p : kChineseProse)
    y = sheet.paragraph({dpi, y}, 6.27 * dpi, 12, kChinese, p) + sheet.pixels(8);
  return sheet;
}

Sheet two_columns(double dpi) {
  Sheet sheet(static_cast<int>(std::lround(8.27 * dpi)), static_cast<int>(std::lround(8.0 * dpi)), dpi);
  const double width = 2.9 * dpi;
  double y = 0.9 * dpi;
  y = sheet.paragraph({0.9 * dpi, y}, width, 10, kSerif, kProse[0]) + sheet.pixels(6);
  sheet.paragraph({0.9 * dpi, y}, width, 10, kSerif, kProse[1]);
  y = 0.9 * dpi;
  y = sheet.paragraph({4.3 * dpi, y}, width, 10, kSerif, kProse[2]) + sheet.pixels(6);
  sheet.paragraph({4.3 * dpi, y}, width, 10, kSerif, kProse[3]);
  return sheet;
}

Sheet report_page() {
  Sheet sheet(1654, 1500, 200);
  double y = 150;
  sheet.line({200, y}, 24, kSans, "Annual Report", Weight::bold);
  y += 90;
  sheet.line({200, y}, 15, kSans, "Figures of the year");
  y = sheet.paragraph(
      {200, y + 40}, 1250, 11, kSerif,
      "This page has a heading, a paragraph that is long enough to be broken into several lines, a list "
      "and a table of numbers. It is used to look at the result.");
  y += 60;
  for (const char* item : {"• First item of the list", "• Second item, which is longer", "• Third item"}) {
    sheet.line({230, y}, 11, kSerif, item);
    y += 45;
  }
  y += 40;
  for (const char* item : {"1. Open the lid", "2. Pour in the water", "3. Close the lid again"}) {
    sheet.line({230, y}, 11, kSerif, item);
    y += 45;
  }
  y += 60;
  constexpr std::string_view kTable[5][4] = {{"Item", "Count", "Price", "Total"},
                                             {"Apples", "12", "0.50", "6.00"},
                                             {"Pears", "7", "0.80", "5.60"},
                                             {"Dried plums", "3", "2.25", "6.75"},
                                             {"Sum", "22", "", "18.35"}};
  for (const auto& row : kTable) {
    double x = 230;
    for (const std::string_view cell : row) {
      if (!cell.empty()) sheet.line({x, y}, 11, kSerif, cell);
      x += 300;
    }
    y += 50;
  }
  sheet.paragraph({200, y + 40}, 1250, 11, kSerif,
                  "After the table the text goes on, and says nothing more than that, so that the page can end here.");
  return sheet;
}

}  // namespace hearth::ocr::testing
