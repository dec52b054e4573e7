#include "readers.h"

#include <array>
#include <string_view>

namespace hearth::models {
namespace {

using namespace std::string_view_literals;

struct Mark {
  std::size_t offset;
  std::string_view bytes;
  Errc code;
  std::string_view sentence;
};

// What people have in hand when they think they have a model.
constexpr std::array kOthers{
    Mark{0, "version https://git-lfs"sv, Errc::corrupt,
         "it is a Git LFS pointer, not the model itself; download the file it stands for"},
    Mark{0, "<!DOCTYPE"sv, Errc::corrupt,
         "it is a web page, not a model; the download was answered with an error or a login page"},
    Mark{0, "<!doctype"sv, Errc::corrupt,
         "it is a web page, not a model; the download was answered with an error or a login page"},
    Mark{0, "<html"sv, Errc::corrupt,
         "it is a web page, not a model; the download was answered with an error or a login page"},
    Mark{0, "FUGG"sv, Errc::unsupported, "it is a big-endian GGUF file; get the little-endian one"},
    Mark{0, "ggjt"sv, Errc::unsupported, "it is in ggml's format of before GGUF; get the GGUF file of this model"},
    Mark{0, "tjgg"sv, Errc::unsupported, "it is in ggml's format of before GGUF; get the GGUF file of this model"},
    Mark{0, "PK\x03\x04"sv, Errc::unsupported,
         "it is a ZIP archive or a PyTorch checkpoint; get the GGUF or ONNX file of this model"},
    Mark{0, "\x80\x02"sv, Errc::unsupported,
         "it is a Python pickle, which runs code when it is read; get the GGUF or ONNX file of this model"},
    Mark{0, "\x80\x04"sv, Errc::unsupported,
         "it is a Python pickle, which runs code when it is read; get the GGUF or ONNX file of this model"},
    Mark{4, "TFL3"sv, Errc::unsupported,
         "it is a TensorFlow Lite model, which no engine here runs; get the ONNX file of this model"},
    Mark{4, "ORTM"sv, Errc::unsupported, "it is in ONNX Runtime's own format; get the ONNX file of this model"},
    Mark{8, "{\""sv, Errc::unsupported, "it is a safetensors file; get the GGUF or ONNX file of this model"},
    Mark{0, "\x1f\x8b"sv, Errc::unsupported, "it is compressed (gzip); unpack it first"},
    Mark{0, "\x28\xb5\x2f\xfd"sv, Errc::unsupported, "it is compressed (zstd); unpack it first"},
    Mark{0,
         "\xfd"
         "7zXZ"sv,
         Errc::unsupported, "it is compressed (xz); unpack it first"},
};

}  // namespace

Result<Format> recognise(ByteSource& source) {
  if (source.size() == 0) return fail(Errc::corrupt, "it is empty");
  std::array<char, 32> head{};
  const std::size_t size = std::min<std::uint64_t>(head.size(), source.size());
  HEARTH_TRY(source.read(0, std::span(head).first(size)));
  const std::string_view begin(head.data(), size);
  if (begin.starts_with("GGUF"sv)) return Format::gguf;
  if (begin.starts_with("lmgg"sv)) return Format::whisper;  // 0x67676d6c, "ggml", little-endian
  for (const Mark& mark : kOthers) {
    if (begin.size() > mark.offset && begin.substr(mark.offset).starts_with(mark.bytes))
      return fail(mark.code, std::string(mark.sentence));
  }
  if (begin.find_first_not_of('\0') == std::string_view::npos)
    return fail(Errc::corrupt, "it begins with zeros only: space was reserved for it, but it was never written");
  // A ModelProto begins with the IR version (field 1, a number); other orders are allowed, none is in use. The field
  // may be missing from files before 2018.
  if (begin.front() == '\x08') return Format::onnx;
  return fail(Errc::unsupported, "it is no GGUF, ONNX or whisper.cpp model");
}

}  // namespace hearth::models
