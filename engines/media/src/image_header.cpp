// Layouts: PNG (ISO/IEC 15948), JPEG (ITU-T T.81 annex B, JFIF 1.02, EXIF 2.3), Windows bitmap headers, WebP (RFC
// 9649).
#include "image_header.h"

#include <cstdlib>
#include <optional>

namespace hearth::media {
namespace {

constexpr double kMetresPerInch = 0.0254;
constexpr double kCmPerInch = 2.54;

// Bounds-checked integers of a byte string.
class Bytes {
 public:
  explicit Bytes(std::string_view data, bool big_endian = true) : data_(data), big_(big_endian) {}
  [[nodiscard]] std::size_t size() const { return data_.size(); }
  [[nodiscard]] bool has(std::size_t at, std::size_t n) const { return at <= data_.size() && data_.size() - at >= n; }
  [[nodiscard]] std::uint32_t u8(std::size_t at) const {
    return at < data_.size() ? static_cast<unsigned char>(data_[at]) : 0U;
  }
  [[nodiscard]] std::uint32_t u16(std::size_t at) const {
    return big_ ? u8(at) << 8U | u8(at + 1) : u8(at + 1) << 8U | u8(at);
  }
  [[nodiscard]] std::uint32_t u24(std::size_t at) const { return u16(at) | u8(at + 2) << 16U; }  // little-endian only
  [[nodiscard]] std::uint32_t u32(std::size_t at) const {
    return big_ ? u16(at) << 16U | u16(at + 2) : u16(at + 2) << 16U | u16(at);
  }
  [[nodiscard]] std::string_view part(std::size_t at, std::size_t n) const {
    return at > data_.size() ? std::string_view() : data_.substr(at, n);
  }

 private:
  std::string_view data_;
  bool big_;
};

ImageHeader png(std::string_view file) {
  const Bytes b(file);
  ImageHeader h;
  h.width = b.u32(16);
  h.height = b.u32(20);
  for (std::size_t at = 8; b.has(at, 12);) {
    const std::uint32_t length = b.u32(at);
    const std::string_view type = b.part(at + 4, 4);
    if (type == "IDAT" || type == "IEND") break;
    if (type == "pHYs" && b.u8(at + 16) == 1) h.dpi = b.u32(at + 8) * kMetresPerInch;
    if (type == "eXIf") h.orientation = exif_orientation(b.part(at + 8, length));
    at += 12 + std::size_t{length};
  }
  return h;
}

bool is_frame_start(std::uint32_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

void jfif(const Bytes& b, std::size_t at, ImageHeader& h) {
  const double density = b.u16(at + 8);
  if (b.u8(at + 7) == 1) h.dpi = density;
  if (b.u8(at + 7) == 2) h.dpi = density * kCmPerInch;
}

ImageHeader jpeg(std::string_view file) {
  const Bytes b(file);
  ImageHeader h;
  for (std::size_t at = 2; b.has(at, 4);) {
    if (b.u8(at) != 0xFF) {  // garbage between segments: decoders skip it, so do we
      ++at;
      continue;
    }
    const std::uint32_t marker = b.u8(at + 1);
    if (marker == 0xFF) {
      ++at;
      continue;
    }
    if (marker == 0 || marker == 1 || (marker >= 0xD0 && marker <= 0xD8)) {
      at += 2;
      continue;
    }
    if (marker == 0xD9) break;
    const std::size_t length = b.u16(at + 2);
    const std::string_view body = b.part(at + 4, length < 2 ? 0 : length - 2);
    if (marker == 0xE0 && body.starts_with(std::string_view("JFIF\0", 5))) jfif(b, at + 4, h);
    if (marker == 0xE1 && body.starts_with(std::string_view("Exif\0\0", 6)))
      h.orientation = exif_orientation(body.substr(6));
    if (is_frame_start(marker)) {
      h.height = b.u16(at + 5);
      h.width = b.u16(at + 7);
      break;
    }
    at += 2 + length;
  }
  return h;
}

ImageHeader bmp(std::string_view file) {
  const Bytes b(file, false);
  ImageHeader h;
  if (b.u32(14) == 12) {  // OS/2
    h.width = b.u16(18);
    h.height = b.u16(20);
    return h;
  }
  const auto height = static_cast<std::int32_t>(b.u32(22));  // negative: rows from the top
  h.width = b.u32(18);
  h.height = height == INT32_MIN ? 0 : static_cast<std::uint32_t>(std::abs(height));
  h.dpi = b.u32(38) * kMetresPerInch;
  return h;
}

ImageHeader gif(std::string_view file) {
  const Bytes b(file, false);
  ImageHeader h;
  h.width = b.u16(6);
  h.height = b.u16(8);
  return h;
}

// The sizes of one coded WebP picture.
void webp_bitstream(const Bytes& b, std::string_view type, std::size_t at, ImageHeader& h) {
  if (type == "VP8 ") {
    h.width = b.u16(at + 6) & 0x3FFFU;
    h.height = b.u16(at + 8) & 0x3FFFU;
  }
  if (type == "VP8L") {
    const std::uint32_t bits = b.u32(at + 1);
    h.width = (bits & 0x3FFFU) + 1;
    h.height = (bits >> 14U & 0x3FFFU) + 1;
  }
}

ImageHeader webp(std::string_view file) {
  const Bytes b(file, false);
  ImageHeader h;
  for (std::size_t at = 12; b.has(at, 8);) {
    const std::string_view type = b.part(at, 4);
    const std::uint32_t length = b.u32(at + 4);
    const std::size_t body = at + 8;
    if (type == "VP8X") {
      h.animated = (b.u8(body) & 2U) != 0;
      h.width = b.u24(body + 4) + 1;
      h.height = b.u24(body + 7) + 1;
    } else if (h.width == 0) {
      webp_bitstream(b, type, body, h);
    }
    if (type == "EXIF") {
      std::string_view exif = b.part(body, length);
      if (exif.starts_with(std::string_view("Exif\0\0", 6))) exif.remove_prefix(6);
      h.orientation = exif_orientation(exif);
    }
    at = body + length + (length & 1U);
  }
  return h;
}

// ISO base media brands of HEIF stills.
bool is_heif(std::string_view start) {
  if (start.size() < 12 || start.substr(4, 4) != "ftyp") return false;
  const std::string_view brand = start.substr(8, 4);
  return brand == "heic" || brand == "heix" || brand == "heim" || brand == "heis" || brand == "mif1" ||
         brand == "msf1" || brand == "avif" || brand == "avis";
}

}  // namespace

FileKind file_kind(std::string_view start) {
  if (start.substr(0, 1024).find("%PDF-") != std::string_view::npos) return FileKind::pdf;
  if (start.starts_with("\x89PNG\r\n\x1A\n")) return FileKind::png;
  if (start.starts_with("\xFF\xD8\xFF")) return FileKind::jpeg;
  if (start.starts_with("GIF87a") || start.starts_with("GIF89a")) return FileKind::gif;
  if (start.starts_with("BM") && start.size() > 26 && Bytes(start, false).u32(14) <= 124 && start[10] != '\0')
    return FileKind::bmp;
  if (start.size() >= 12 && start.starts_with("RIFF") && start.substr(8, 4) == "WEBP") return FileKind::webp;
  if (start.starts_with(std::string_view("II*\0", 4)) || start.starts_with(std::string_view("MM\0*", 4)) ||
      start.starts_with(std::string_view("II+\0", 4)) || start.starts_with(std::string_view("MM\0+", 4)))
    return FileKind::tiff;
  if (is_heif(start)) return FileKind::heif;
  return FileKind::other;
}

ImageHeader read_image_header(FileKind kind, std::string_view file) {
  switch (kind) {
    case FileKind::png:
      return png(file);
    case FileKind::jpeg:
      return jpeg(file);
    case FileKind::gif:
      return gif(file);
    case FileKind::bmp:
      return bmp(file);
    case FileKind::webp:
      return webp(file);
    default:
      return {};
  }
}

Orientation exif_orientation(std::string_view tiff) {
  constexpr std::uint32_t kTag = 0x0112;
  const bool big = tiff.starts_with("MM");
  if (!big && !tiff.starts_with("II")) return Orientation::upright;
  const Bytes b(tiff, big);
  const std::size_t directory = b.u32(4);
  const std::uint32_t entries = b.u16(directory);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t at = directory + 2 + std::size_t{i} * 12;
    if (!b.has(at, 12)) break;
    if (b.u16(at) != kTag) continue;
    const std::uint32_t value = b.u16(at + 8);
    return value >= 1 && value <= 8 ? static_cast<Orientation>(value) : Orientation::upright;
  }
  return Orientation::upright;
}

}  // namespace hearth::media
