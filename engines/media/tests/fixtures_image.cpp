#include "av.h"
#include "errors.h"
#include "fixtures.h"

extern "C" {
#include <libavutil/md5.h>
#include <libavutil/pixdesc.h>
#include <libavutil/rc4.h>
}
#include <fmt/format.h>
#include <jpeglib.h>
#include <tiffio.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace hearth::media::testing {
namespace {

class Collect final : public FrameSink {
 public:
  explicit Collect(Seen& into) : into_(into) {}
  Result<void> frame(kit::FrameHeader header, const Picture& picture) override {
    header.width = picture.width();
    header.height = picture.height();
    header.channels = picture.channels();
    Picture copy(picture.width(), picture.height(), picture.channels());
    std::memcpy(copy.row(0), picture.row(0), picture.size());
    into_.headers.push_back(header);
    into_.pictures.push_back(std::move(copy));
    return {};
  }

 private:
  Seen& into_;
};

// The pixels as `format` wants them, by libswscale from BGRA.
AvFrame painted(int width, int height, const Paint& paint, AVPixelFormat format) {
  AvFrame bgra(av_frame_alloc());
  bgra->width = width;
  bgra->height = height;
  bgra->format = AV_PIX_FMT_BGRA;
  av_frame_get_buffer(bgra.get(), 0);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const std::uint32_t colour = paint(x, y);
      std::memcpy(bgra->data[0] + y * bgra->linesize[0] + x * 4, &colour, 4);
    }
  if (format == AV_PIX_FMT_BGRA) return bgra;
  AvFrame out(av_frame_alloc());
  out->width = width;
  out->height = height;
  out->format = format;
  av_frame_get_buffer(out.get(), 0);
  const AvSws sws(
      sws_getContext(width, height, AV_PIX_FMT_BGRA, width, height, format, SWS_POINT, nullptr, nullptr, nullptr));
  sws_scale(sws.get(), bgra->data, bgra->linesize, 0, height, out->data, out->linesize);
  return out;
}

void append_be32(std::string& out, std::uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(v >> shift & 0xFFU));
}

// A file in memory for libtiff to write.
struct Memory {
  std::string bytes;
  std::size_t at = 0;
  static tmsize_t read(thandle_t h, void* into, tmsize_t size) {
    auto* m = static_cast<Memory*>(h);
    const std::size_t n = m->bytes.copy(static_cast<char*>(into), static_cast<std::size_t>(size), m->at);
    m->at += n;
    return static_cast<tmsize_t>(n);
  }
  static tmsize_t write(thandle_t h, void* from, tmsize_t size) {
    auto* m = static_cast<Memory*>(h);
    const auto n = static_cast<std::size_t>(size);
    if (m->bytes.size() < m->at + n) m->bytes.resize(m->at + n);
    std::memcpy(m->bytes.data() + m->at, from, n);
    m->at += n;
    return size;
  }
  static toff_t seek(thandle_t h, toff_t offset, int whence) {
    auto* m = static_cast<Memory*>(h);
    m->at = offset + (whence == SEEK_CUR ? m->at : whence == SEEK_END ? m->bytes.size() : 0);
    return m->at;
  }
  static int close(thandle_t) { return 0; }
  static toff_t size(thandle_t h) { return static_cast<Memory*>(h)->bytes.size(); }
};

void write_tiff_page(TIFF* t, TiffKind kind) {
  constexpr std::uint32_t kWidth = 64;
  constexpr std::uint32_t kHeight = 32;
  const bool colour = kind == TiffKind::lzw_rgb || kind == TiffKind::jpeg_rgb;
  TIFFSetField(t, TIFFTAG_IMAGEWIDTH, kWidth);
  TIFFSetField(t, TIFFTAG_IMAGELENGTH, kHeight);
  TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, kind == TiffKind::g4 ? 1 : 8);
  TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, colour ? 3 : 1);
  TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, kHeight);
  TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(t, TIFFTAG_XRESOLUTION, 300.0);
  TIFFSetField(t, TIFFTAG_YRESOLUTION, 300.0);
  TIFFSetField(t, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
  const int compression = kind == TiffKind::g4         ? COMPRESSION_CCITTFAX4
                          : kind == TiffKind::lzw_rgb  ? COMPRESSION_LZW
                          : kind == TiffKind::jpeg_rgb ? COMPRESSION_JPEG
                                                       : COMPRESSION_NONE;
  TIFFSetField(t, TIFFTAG_COMPRESSION, compression);
  TIFFSetField(t, TIFFTAG_PHOTOMETRIC,
               colour                 ? PHOTOMETRIC_RGB
               : kind == TiffKind::g4 ? PHOTOMETRIC_MINISWHITE
                                      : PHOTOMETRIC_MINISBLACK);
  for (std::uint32_t y = 0; y < kHeight; ++y) {
    std::array<std::uint8_t, kWidth * 3> row{};
    if (kind == TiffKind::g4) {
      for (std::size_t x = 0; x < kWidth / 16; ++x) row[x] = 0xFF;  // 1 is black
    } else {
      const std::size_t channels = colour ? 3 : 1;
      for (std::size_t x = 0; x < kWidth; ++x)
        for (std::size_t c = 0; c < channels; ++c)
          row[x * channels + c] = x >= kWidth / 2 || (colour && c == 0) ? 255 : 0;
    }
    TIFFWriteScanline(t, row.data(), y, 0);
  }
  TIFFWriteDirectory(t);
}

using Key = std::array<std::uint8_t, 16>;

constexpr std::string_view kPad(
    "\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE"
    "\x64\x53\x69\x7A",
    32);

Key md5(std::string_view text) {
  Key key{};
  av_md5_sum(key.data(), reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  return key;
}

std::string rc4(const Key& key, std::string_view text) {
  std::string out(text.size(), '\0');
  AVRC4* state = av_rc4_alloc();
  av_rc4_init(state, key.data(), 40, 0);
  av_rc4_crypt(state, reinterpret_cast<std::uint8_t*>(out.data()), reinterpret_cast<const std::uint8_t*>(text.data()),
               static_cast<int>(text.size()), nullptr, 0);
  av_free(state);
  return out;
}

std::string hex(std::string_view bytes) {
  std::string out = "<";
  for (const char c : bytes) out += fmt::format("{:02X}", static_cast<unsigned char>(c));
  return out + ">";
}

constexpr std::string_view kId = "0123456789ABCDEF";

// The standard security handler, revision 2 (ISO 32000-1, 7.6.3), with one password for user and owner.
std::string encryption(const std::string& password) {
  const std::string padded = (password + std::string(kPad)).substr(0, 32);
  const std::string owner = rc4(md5(padded), padded);
  std::string seed = padded + owner;
  seed += std::string_view("\xFC\xFF\xFF\xFF", 4);  // P = -4, low byte first
  seed += kId;
  return fmt::format("<< /Filter /Standard /V 1 /R 2 /P -4 /O {} /U {} >>", hex(owner), hex(rc4(md5(seed), kPad)));
}

}  // namespace

std::string image(const char* name, int width, int height, const Paint& paint, const char* pixel_format) {
  const AVCodec* codec = avcodec_find_encoder_by_name(name);
  const AvCodecContext encoder(avcodec_alloc_context3(codec));
  const AVPixelFormat format = av_get_pix_fmt(pixel_format);
  encoder->width = width;
  encoder->height = height;
  encoder->pix_fmt = format;
  encoder->time_base = {1, 25};
  encoder->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;
  encoder->flags |= AV_CODEC_FLAG_QSCALE;
  encoder->global_quality = FF_QP2LAMBDA * 2;
  if (avcodec_open2(encoder.get(), codec, nullptr) < 0) return {};
  const AvFrame frame = painted(width, height, paint, format);
  frame->quality = encoder->global_quality;
  const AvPacket packet(av_packet_alloc());
  avcodec_send_frame(encoder.get(), frame.get());
  avcodec_send_frame(encoder.get(), nullptr);
  if (avcodec_receive_packet(encoder.get(), packet.get()) < 0) return {};
  return {reinterpret_cast<const char*>(packet->data), static_cast<std::size_t>(packet->size)};
}

std::string gray_jpeg(int width, int height, const Paint& paint) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = static_cast<JDIMENSION>(width);
  jpeg.image_height = static_cast<JDIMENSION>(height);
  jpeg.input_components = 1;
  jpeg.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  for (int y = 0; y < height; ++y) {
    std::string row;
    for (int x = 0; x < width; ++x) row.push_back(static_cast<char>(paint(x, y) & 0xFFU));
    auto* line = reinterpret_cast<JSAMPROW>(row.data());
    jpeg_write_scanlines(&jpeg, &line, 1);
  }
  jpeg_finish_compress(&jpeg);
  std::string file(reinterpret_cast<const char*>(bytes), size);
  jpeg_destroy_compress(&jpeg);
  std::free(bytes);
  return file;
}

std::string with_exif_orientation(const std::string& jpeg, int orientation) {
  std::string tiff("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19);
  tiff.push_back(static_cast<char>(orientation));
  tiff += std::string(6, '\0');  // rest of the value, no further directory
  const std::string body = std::string("Exif\0\0", 6) + tiff;
  std::string segment("\xFF\xE1", 2);
  segment.push_back('\0');
  segment.push_back(static_cast<char>(body.size() + 2));
  return jpeg.substr(0, 2) + segment + body + jpeg.substr(2);
}

std::string png_claiming(std::uint32_t width, std::uint32_t height) {
  std::string png("\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16);
  append_be32(png, width);
  append_be32(png, height);
  png += std::string("\x08\x02\0\0\0\0\0\0\0", 9);
  png += std::string("\0\0\0\0IDAT\0\0\0\0", 12);
  return png;
}

std::string tiff(TiffKind kind, int pages) {
  Memory memory;
  TIFF* t = TIFFClientOpen("fixture", "w", &memory, Memory::read, Memory::write, Memory::seek, Memory::close,
                           Memory::size, nullptr, nullptr);
  for (int i = 0; i < pages; ++i) write_tiff_page(t, kind);
  TIFFClose(t);
  return memory.bytes;
}

std::string pdf(const PdfSpec& spec) {
  std::string out = "%PDF-1.4\n";
  std::vector<std::size_t> offsets;
  const auto object = [&](const std::string& body) {
    offsets.push_back(out.size());
    out += fmt::format("{} 0 obj\n{}\nendobj\n", offsets.size(), body);
  };
  std::string kids;
  for (int i = 0; i < spec.pages; ++i) kids += fmt::format("{} 0 R ", 4 + i);
  object("<< /Type /Catalog /Pages 2 0 R >>");
  object(fmt::format("<< /Type /Pages /Kids [{}] /Count {} >>", kids, spec.pages));
  const std::string bar = fmt::format("{} 0 0 rg 0 0 {} {} re f", spec.red ? 1 : 0, spec.width / 2, spec.height);
  object(fmt::format("<< /Length {} >>\nstream\n{}\nendstream", bar.size(), bar));
  for (int i = 0; i < spec.pages; ++i)
    object(fmt::format("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {} {}] /Resources << >> {} >>", spec.width,
                       spec.height, spec.password.empty() ? "/Contents 3 0 R" : ""));
  std::string trailer = fmt::format("/Size {} /Root 1 0 R", offsets.size() + 1);
  if (!spec.password.empty())
    trailer += fmt::format(" /ID [{0} {0}] /Encrypt {1}", hex(kId), encryption(spec.password));
  const std::size_t table = out.size();
  out += fmt::format("xref\n0 {}\n0000000000 65535 f \n", offsets.size() + 1);
  for (const std::size_t offset : offsets) out += fmt::format("{:010} 00000 n \n", offset);
  return out + fmt::format("trailer\n<< {} >>\nstartxref\n{}\n%%EOF\n", trailer, table);
}

Seen frames(std::string file, const FramesRequest& request) {
  Seen seen;
  const kit::Body body = kit::Body::from_memory(std::move(file));
  Watch watch([] { return false; });
  MemoryBudget budget(512ULL << 20);
  Collect sink(seen);
  seen.result = read_frames({body, request, watch, budget, sink});
  return seen;
}

}  // namespace hearth::media::testing
