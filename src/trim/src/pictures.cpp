#include "src/pictures.h"

#include <fmt/format.h>
#include <sodium.h>

#include <cstdint>

namespace hearth::trim {
namespace {

constexpr std::size_t kLargestFile = 3 << 20;  // 4 MiB as base64; 5 are taken
constexpr std::uint32_t kLongestSide = 8000;
constexpr std::uint32_t kShortestSide = 8;

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(at, size)) value = (value << 8U) | static_cast<unsigned char>(c);
  return value;
}

bool is_side(std::uint32_t pixels) {
  return pixels >= kShortestSide && pixels <= kLongestSide;
}

// Chunk by chunk to the last (ISO/IEC 15948); what is in them is the reader's to judge.
bool is_whole_png(std::string_view bytes) {
  constexpr std::size_t kSign = 8;
  constexpr std::size_t kAround = 12;  // length, name and check sum of a chunk
  constexpr std::size_t kHeader = 13;
  if (bytes.size() < kSign + kAround + kHeader || bytes.substr(12, 4) != "IHDR") return false;
  if (!is_side(number_at(bytes, 16, 4)) || !is_side(number_at(bytes, 20, 4))) return false;
  std::size_t at = kSign;
  while (at + kAround <= bytes.size()) {
    const std::size_t length = number_at(bytes, at, 4);
    if (length > bytes.size() - at - kAround) return false;
    if (bytes.substr(at + 4, 4) == "IEND") return at + kAround + length == bytes.size();
    at += kAround + length;
  }
  return false;
}

// Segment by segment to the picture, and its end (ITU T.81).
bool is_whole_jpeg(std::string_view bytes) {
  constexpr std::string_view kEnd = "\xff\xd9";
  if (!bytes.ends_with(kEnd)) return false;
  std::size_t at = 2;
  while (at + 9 < bytes.size() && bytes[at] == '\xff') {
    const std::uint32_t marker = number_at(bytes, at + 1, 1);
    const bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) return is_side(number_at(bytes, at + 5, 2)) && is_side(number_at(bytes, at + 7, 2));
    at += 2 + number_at(bytes, at + 2, 2);
  }
  return false;
}

}  // namespace

bool is_sound_picture(const Blob& blob) {
  if (blob.bytes.size() > kLargestFile) return false;
  if (blob.type == "image/png") return is_whole_png(blob.bytes);
  return blob.type == "image/jpeg" && is_whole_jpeg(blob.bytes);
}

std::string image_block(const Blob& blob) {
  const std::size_t size = sodium_base64_encoded_len(blob.bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  std::string base64(size, '\0');
  sodium_bin2base64(base64.data(), size, reinterpret_cast<const unsigned char*>(blob.bytes.data()), blob.bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  base64.pop_back();  // the final NUL
  return fmt::format(R"({{"type":"image","source":{{"type":"base64","media_type":"{}","data":"{}"}}}})", blob.type,
                     base64);
}

}  // namespace hearth::trim
