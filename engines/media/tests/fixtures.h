// Media made on the spot, small and known to the sample and the pixel.
#pragma once

#include "audio_decode.h"
#include "audio_encode.h"
#include "frames.h"

#include <hearth/kit/frames.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hearth::media::testing {

std::vector<std::int16_t> sine(double hertz, int rate, double seconds);
std::string as_bytes(const std::vector<std::int16_t>& samples);
// RIFF/WAVE; `stated_data`: what the header says about the size of its data, by default the truth.
std::string wav(const std::vector<std::int16_t>& samples, int rate, int channels = 1, std::int64_t stated_data = -1);
std::string encode(const std::vector<std::int16_t>& samples, const AudioEncodeRequest& request);

// A container with a 440 Hz tone, or pictures of which the k-th second is gray with level 40·(k+1), or both.
struct ContainerSpec {
  const char* muxer;                  // "mp4", "matroska", …
  const char* audio_codec = nullptr;  // an FFmpeg encoder's name
  const char* video_codec = nullptr;
  double seconds = 2;
  int quarter_turns = 0;  // clockwise, as a phone would note it
};
std::string container(const ContainerSpec& spec);

// Colour of a picture's point, for image().
using Paint = std::function<std::uint32_t(int x, int y)>;  // 0xAARRGGBB
// An image file by FFmpeg's encoder of that name ("png", "mjpeg", "bmp", "gif", "libwebp").
std::string image(const char* encoder, int width, int height, const Paint& paint, const char* pixel_format);
// A GIF with `count` pictures, the k-th all of one colour.
std::string animated_gif(int count);
std::string gray_jpeg(int width, int height, const Paint& paint);  // of the blue channel
std::string with_exif_orientation(const std::string& jpeg, int orientation);
// Head of a PNG that claims a size; nothing behind it.
std::string png_claiming(std::uint32_t width, std::uint32_t height);

enum class TiffKind { g4, lzw_rgb, jpeg_rgb, gray };
// `pages` pages of 64×32: left half black (or red), right half white.
std::string tiff(TiffKind kind, int pages);

struct PdfSpec {
  int pages = 1;
  double width = 144;  // points
  double height = 72;
  bool red = false;      // a red bar instead of a black one on the left half
  std::string password;  // protects it when not empty
};
std::string pdf(const PdfSpec& spec);

// What the library under test gives for a body.
struct Decoded {
  std::vector<std::int16_t> samples;
  std::optional<double> stated;
  bool begun = false;
  Result<void> result;
};
Decoded decode(std::string file, const AudioDecodeRequest& request = {});
// Hertz of a tone, by its zero crossings.
double pitch(const std::vector<std::int16_t>& samples, int rate);
double loudness(const std::vector<std::int16_t>& samples);  // root mean square

struct Seen {
  std::vector<kit::FrameHeader> headers;
  std::vector<Picture> pictures;
  Result<void> result;
};
Seen frames(std::string file, const FramesRequest& request = {});
// The error's own code ("corrupt_media"), or "" if there is none.
std::string code_of(const Result<void>& result);

}  // namespace hearth::media::testing
