#include "draw.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace hearth::onnx {
namespace {

constexpr int kMostSide = 2048;

using Colour = std::array<std::uint8_t, 3>;
constexpr std::array<Colour, 8> kColours{{{16, 122, 87},
                                          {176, 58, 46},
                                          {31, 97, 141},
                                          {183, 149, 11},
                                          {118, 68, 138},
                                          {202, 111, 30},
                                          {20, 143, 119},
                                          {97, 106, 107}}};

struct Canvas {
  std::vector<std::uint8_t> rgb;
  Size size;

  void fill(int x0, int y0, int x1, int y1, const Colour& colour) {
    x0 = std::max(x0, 0);
    y0 = std::max(y0, 0);
    x1 = std::min(x1, size.width);
    y1 = std::min(y1, size.height);
    for (int y = y0; y < y1; ++y)
      for (int x = x0; x < x1; ++x) {
        const std::size_t at =
            (static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) + static_cast<std::size_t>(x)) * 3;
        std::copy(colour.begin(), colour.end(), rgb.begin() + static_cast<std::ptrdiff_t>(at));
      }
  }
  // A line `stroke` wide, inside the box's edges and out to half of it.
  void frame(int x0, int y0, int x1, int y1, int stroke, const Colour& colour) {
    const int out = stroke / 2;
    fill(x0 - out, y0 - out, x1 + out, y0 - out + stroke, colour);
    fill(x0 - out, y1 + out - stroke, x1 + out, y1 + out, colour);
    fill(x0 - out, y0 - out, x0 - out + stroke, y1 + out, colour);
    fill(x1 + out - stroke, y0 - out, x1 + out, y1 + out, colour);
  }
};

void put32(std::string& out, std::size_t value) {
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    out += static_cast<char>(static_cast<unsigned char>(value >> shift & 0xFFU));
}

void chunk(std::string& out, std::string_view kind, std::string_view data) {
  put32(out, data.size());
  const std::size_t start = out.size();
  out += kind;
  out += data;
  const auto* bytes = reinterpret_cast<const Bytef*>(out.data() + start);
  put32(out, ::crc32_z(::crc32_z(0, nullptr, 0), bytes, out.size() - start));
}

}  // namespace

Result<std::string> encode_png(std::span<const std::uint8_t> rgb, Size size) {
  // Each row as the difference to the one above ("up"): cheap, and photographs shrink well enough by it.
  const std::size_t stride = static_cast<std::size_t>(size.width) * 3;
  std::string rows;
  rows.reserve((stride + 1) * static_cast<std::size_t>(size.height));
  for (std::size_t y = 0; y < static_cast<std::size_t>(size.height); ++y) {
    rows += '\x02';
    for (std::size_t x = 0; x < stride; ++x) {
      const unsigned above = y == 0 ? 0U : rgb[(y - 1) * stride + x];
      rows += static_cast<char>(static_cast<unsigned char>(rgb[y * stride + x] - above));
    }
  }
  uLongf packed_size = ::compressBound(rows.size());
  std::string packed(packed_size, '\0');
  if (::compress2(reinterpret_cast<Bytef*>(packed.data()), &packed_size, reinterpret_cast<const Bytef*>(rows.data()),
                  rows.size(), 3) != Z_OK)
    return fail(Errc::internal, "the annotated picture cannot be packed");
  packed.resize(packed_size);
  std::string header;
  put32(header, static_cast<std::size_t>(size.width));
  put32(header, static_cast<std::size_t>(size.height));
  header += std::string("\x08\x02\x00\x00\x00", 5);  // 8 bits, RGB
  std::string out = "\x89PNG\r\n\x1A\n";
  chunk(out, "IHDR", header);
  chunk(out, "IDAT", packed);
  chunk(out, "IEND", {});
  return out;
}

Result<std::string> annotated_png(const PictureView& frame, std::span<const Found> found) {
  const double factor = std::min(1.0, static_cast<double>(kMostSide) / std::max(frame.width, frame.height));
  Canvas canvas;
  canvas.size = {std::max(static_cast<int>(frame.width * factor), 1),
                 std::max(static_cast<int>(frame.height * factor), 1)};
  canvas.rgb = to_bytes(frame, canvas.size, Fit::stretch);
  const int stroke = std::max(2, std::max(canvas.size.width, canvas.size.height) / 300);
  const auto at = [&](float v) { return static_cast<int>(std::lround(v * factor)); };
  // The strongest last: it lies on top.
  for (std::size_t i = found.size(); i-- > 0;) {
    const Found& f = found[i];
    const Colour& colour = kColours.at(f.label % kColours.size());
    canvas.frame(at(f.box.x0), at(f.box.y0), at(f.box.x1), at(f.box.y1), stroke + 2, {255, 255, 255});
    canvas.frame(at(f.box.x0), at(f.box.y0), at(f.box.x1), at(f.box.y1), stroke, colour);
    if (!f.landmarks) continue;
    for (const Point& p : *f.landmarks)
      canvas.fill(at(p.x) - stroke, at(p.y) - stroke, at(p.x) + stroke, at(p.y) + stroke, colour);
  }
  return encode_png(canvas.rgb, canvas.size);
}

}  // namespace hearth::onnx
