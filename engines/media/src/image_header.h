// What the first bytes of a file say: which kind it is, and for still images how large they will be, before a decoder
// touches them.
#pragma once

#include <cstdint>
#include <string_view>

namespace hearth::media {

enum class FileKind { pdf, png, jpeg, gif, bmp, webp, tiff, heif, other };

FileKind file_kind(std::string_view start);

// How the stored picture has to be turned to stand upright: EXIF's values 1 to 8.
enum class Orientation : std::uint8_t {
  upright = 1,
  mirrored = 2,
  half_turn = 3,
  upside_down_mirrored = 4,
  transposed = 5,
  quarter_right = 6,  // turn it 90° clockwise
  transversed = 7,
  quarter_left = 8,
};

struct ImageHeader {
  std::uint32_t width = 0;  // as stored, before orientation; 0 if the header was not understood
  std::uint32_t height = 0;
  Orientation orientation = Orientation::upright;
  double dpi = 0;  // 0 if not said
  bool animated = false;
};

// Of a png, jpeg, gif, bmp or webp file; of `file` the start is enough to find the size, as a rule.
ImageHeader read_image_header(FileKind kind, std::string_view file);

// Orientation from a TIFF structure as EXIF uses it; upright when it isn't one.
Orientation exif_orientation(std::string_view tiff);

}  // namespace hearth::media
