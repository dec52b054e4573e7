#include "probe.h"

#include "audio_decode.h"
#include "errors.h"
#include "image_header.h"
#include "input.h"
#include "pdf_file.h"
#include "tiff_file.h"

#include <tiffio.h>

#include <array>
#include <string_view>
#include <utility>

namespace hearth::media {
namespace {

constexpr std::uint64_t kHeaderPixels = 100'000'000;
constexpr std::uint64_t kTiffTables = 64ULL << 20;

std::string name_of(FileKind kind) {
  switch (kind) {
    case FileKind::png:
      return "png";
    case FileKind::jpeg:
      return "jpeg";
    case FileKind::bmp:
      return "bmp";
    case FileKind::webp:
      return "webp";
    default:
      return "";
  }
}

Result<ProbeResult> probe_pdf(const kit::Body& body) {
  ProbeResult result;
  result.kind = "document";
  result.format = "pdf";
  HEARTH_TRY_ASSIGN(const PdfFile file, PdfFile::open(body, {}));
  if (!file.locked()) result.pages = file.pages();  // a locked one keeps that to itself
  return result;
}

Result<ProbeResult> probe_tiff(const kit::Body& body) {
  ProbeResult result;
  result.kind = "image";
  result.format = "tiff";
  HEARTH_TRY_ASSIGN(const TiffFile file, TiffFile::open(body, kTiffTables));
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  TIFFGetField(file.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(file.get(), TIFFTAG_IMAGELENGTH, &height);
  result.width = width;
  result.height = height;
  result.pages = file.pages();
  result.video_codec = "tiff";
  return result;
}

Result<ProbeResult> probe_still(const kit::Body& body, FileKind kind) {
  HEARTH_TRY_ASSIGN(const std::string_view file, body.view());
  const ImageHeader header = read_image_header(kind, file);
  if (header.width == 0 || header.height == 0)
    return fail(MediaErrc::corrupt_media, "the image is damaged or cut off: it has no size");
  ProbeResult result;
  result.kind = "image";
  result.format = name_of(kind);
  result.width = header.width;
  result.height = header.height;
  if (header.orientation >= Orientation::transposed) std::swap(result.width, result.height);
  result.pages = 1;
  result.video_codec = result.format;
  return result;
}

// "mov,mp4,m4a,…" names all that one reader can read: the first is enough. An image's reader is its format and "_pipe".
std::string short_name(std::string_view format) {
  format = format.substr(0, format.find(','));
  if (format.ends_with("_pipe")) format.remove_suffix(std::string_view("_pipe").size());
  return std::string(format);
}

Result<ProbeResult> probe_stream(const kit::Body& body, Watch& watch) {
  HEARTH_TRY_ASSIGN(const auto input, Input::open(body, watch, kHeaderPixels));
  ProbeResult result;
  result.format = short_name(input->format());
  if (const AVStream* audio = input->best(AVMEDIA_TYPE_AUDIO); audio != nullptr)
    result.audio_codec = avcodec_get_name(audio->codecpar->codec_id);
  if (const AVStream* video = input->best(AVMEDIA_TYPE_VIDEO); video != nullptr) {
    result.video_codec = avcodec_get_name(video->codecpar->codec_id);
    if (video->codecpar->width > 0) result.width = static_cast<std::uint32_t>(video->codecpar->width);
    if (video->codecpar->height > 0) result.height = static_cast<std::uint32_t>(video->codecpar->height);
  }
  if (!result.audio_codec && !result.video_codec)
    return fail(MediaErrc::unsupported_media, "there is neither sound nor picture in this file");
  result.kind = input->is_image() ? "image" : result.video_codec ? "video" : "audio";
  if (input->is_image()) return result;
  result.duration = input->stated_duration();
  if (!result.duration && result.kind == "audio") {
    HEARTH_TRY_ASSIGN(result.duration, measured_duration(body, watch));
  }
  return result;
}

}  // namespace

Result<ProbeResult> probe(const kit::Body& body, Watch& watch) {
  if (body.size() == 0) return fail(MediaErrc::empty_file, "the file is empty");
  std::array<char, 1024> start;  // NOLINT(cppcoreguidelines-pro-type-member-init): read_at() fills it
  HEARTH_TRY_ASSIGN(const std::size_t n, body.read_at(0, start));
  const FileKind kind = file_kind({start.data(), n});
  switch (kind) {
    case FileKind::pdf:
      return probe_pdf(body);
    case FileKind::tiff:
      return probe_tiff(body);
    case FileKind::png:
    case FileKind::jpeg:
    case FileKind::bmp:
    case FileKind::webp:
      return probe_still(body, kind);
    case FileKind::heif:
      return fail(MediaErrc::unsupported_media, "HEIC and AVIF pictures are not read here: send it as JPEG or PNG");
    case FileKind::gif:
    case FileKind::other:
      break;
  }
  return probe_stream(body, watch);
}

}  // namespace hearth::media
