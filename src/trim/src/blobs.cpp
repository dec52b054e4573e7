#include "src/blobs.h"

#include "src/characters.h"

#include <hearth/core/ids.h>

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::trim {
namespace {

constexpr std::size_t kShortest = 2048;
constexpr std::size_t kShortestLine = 48;

bool is_base64(char c) noexcept {
  return is_letter(c) || is_digit(c) || c == '+' || c == '/' || c == '-' || c == '_';
}

// Of base64 in lines of one length but for the last; in one line, too. Where it ends, its padding included.
std::size_t end_of_run(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  std::size_t width = 0;
  for (;;) {
    const std::size_t line = end;
    while (end < text.size() && is_base64(text[end])) ++end;
    const std::size_t length = end - line;
    const std::size_t pads = end;
    while (end < text.size() && text[end] == '=' && end - pads < 2) ++end;
    if (end > pads) return end;
    if (width == 0) width = length;
    if (length < width || length < kShortestLine) return end;
    const bool wrapped = end < text.size() && text[end] == '\n' && end + 1 < text.size() && is_base64(text[end + 1]);
    if (!wrapped || (begin > 0 && text[begin - 1] != '\n' && text[begin - 1] != ',')) return end;
    // A line that is longer, or goes on with something else, is not of it.
    std::size_t next = end + 1;
    while (next < text.size() && is_base64(text[next])) ++next;
    while (next < text.size() && text[next] == '=') ++next;
    if (next - end - 1 > width + 2 || (next < text.size() && text[next] != '\n')) return end;
    ++end;
  }
}

// Paths and words have fewer digits and capitals, and more slashes.
bool is_random(std::string_view run) {
  const auto share = [&](auto is) {
    return static_cast<std::size_t>(std::ranges::count_if(run, is)) * 64 / run.size();
  };
  return share(is_upper) >= 8 && share(is_lower) >= 8 && share(is_digit) >= 4 &&
         share([](char c) { return c == '/' || c == '_' || c == '-'; }) <= 4;
}

std::optional<std::string> decoded(std::string_view run) {
  const bool url = run.find_first_of("-_") != std::string_view::npos;
  std::string bytes(run.size() / 4 * 3 + 3, '\0');
  for (const int variant :
       {url ? sodium_base64_VARIANT_URLSAFE : sodium_base64_VARIANT_ORIGINAL,
        url ? sodium_base64_VARIANT_URLSAFE_NO_PADDING : sodium_base64_VARIANT_ORIGINAL_NO_PADDING}) {
    std::size_t size = 0;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), run.data(), run.size(), "\n",
                          &size, nullptr, variant) != 0)
      continue;
    bytes.resize(size);
    return bytes;
  }
  return std::nullopt;
}

std::string_view type_of(std::string_view bytes) {
  using namespace std::string_view_literals;
  static constexpr std::array kSigns{std::pair{"\x89PNG\r\n\x1a\n"sv, "image/png"sv},
                                     std::pair{"\xff\xd8\xff"sv, "image/jpeg"sv},
                                     std::pair{"GIF8"sv, "image/gif"sv},
                                     std::pair{"%PDF-"sv, "application/pdf"sv},
                                     std::pair{"PK\x03\x04"sv, "application/zip"sv},
                                     std::pair{"\x1f\x8b"sv, "application/gzip"sv},
                                     std::pair{"\x28\xb5\x2f\xfd"sv, "application/zstd"sv},
                                     std::pair{"\xfd\x37zXZ"sv, "application/x-xz"sv},
                                     std::pair{"\x7f\x45LF"sv, "application/x-elf"sv},
                                     std::pair{"\0asm"sv, "application/wasm"sv},
                                     std::pair{"wOF2"sv, "font/woff2"sv},
                                     std::pair{"OggS"sv, "audio/ogg"sv},
                                     std::pair{"fLaC"sv, "audio/flac"sv},
                                     std::pair{"ID3"sv, "audio/mpeg"sv}};
  for (const auto& [sign, type] : kSigns)
    if (bytes.starts_with(sign)) return type;
  if (bytes.starts_with("RIFF") && bytes.substr(8).starts_with("WEBP")) return "image/webp";
  if (bytes.starts_with("RIFF") && bytes.substr(8).starts_with("WAVE")) return "audio/wav";
  return {};
}

bool is_type(std::string_view text) {
  return text.contains('/') &&
         std::ranges::all_of(text, [](char c) { return is_word(c) || std::string_view("/.+-;=").contains(c); });
}

// "data:image/png;base64," before `run`: where it begins, and the type that it says.
std::pair<std::size_t, std::string_view> data_url_before(std::string_view text, std::size_t run) {
  constexpr std::string_view kBase64 = ";base64,";
  constexpr std::string_view kData = "data:";
  constexpr std::size_t kLongestHead = 200;
  const std::string_view before = text.substr(0, run);
  if (!before.ends_with(kBase64)) return {run, {}};
  const std::size_t from = before.size() - std::min(before.size(), kLongestHead);
  const std::size_t at = before.substr(from).rfind(kData);
  if (at == std::string_view::npos) return {run, {}};
  const std::size_t type = from + at + kData.size();
  const std::string_view said =
      before.substr(type, before.size() - kBase64.size() - std::min(type, before.size() - kBase64.size()));
  if (!is_type(said)) return {run, {}};
  return {from + at, said.substr(0, said.find(';'))};
}

bool is_pem(std::string_view text, std::size_t run) {
  constexpr std::size_t kNear = 300;  // a key may have header lines
  const std::size_t from = run - std::min(run, kNear);
  return text.substr(from, run - from).contains("-----BEGIN");
}

std::optional<Blob> blob_at(std::string_view text, std::size_t begin, std::size_t end) {
  const std::string_view run = text.substr(begin, end - begin);
  if (!is_random(run) || is_pem(text, begin)) return std::nullopt;
  auto bytes = decoded(run);
  if (!bytes) return std::nullopt;
  const auto [offset, said] = data_url_before(text, begin);
  Blob blob{offset, end - offset, std::move(*bytes), {}, said};
  blob.type = type_of(blob.bytes);
  if (blob.type.empty()) blob.type = said;
  return blob;
}

}  // namespace

std::vector<Blob> find_blobs(std::string_view text) {
  std::vector<Blob> blobs;
  std::size_t i = 0;
  while (i + kShortest <= text.size()) {
    // Whatever is long enough has one of its characters at every place in between.
    if (!is_base64(text[i])) {
      ++i;
      continue;
    }
    const std::size_t end = end_of_run(text, i);
    if (end - i >= kShortest)
      if (auto blob = blob_at(text, i, end)) blobs.push_back(std::move(*blob));
    i = end;
  }
  return blobs;
}

std::string note_of(const Blob& blob) {
  constexpr std::size_t kDigits = 16;
  return fmt::format("[{}{} bytes, sha256 {}, left out]", blob.type.empty() ? "" : fmt::format("{}, ", blob.type),
                     blob.bytes.size(), sha256_hex(blob.bytes).substr(0, kDigits));
}

std::optional<std::string> note_blobs(std::string_view text) {
  const std::vector<Blob> blobs = find_blobs(text);
  if (blobs.empty()) return std::nullopt;
  std::string out;
  std::size_t done = 0;
  for (const Blob& blob : blobs) {
    out.append(text.substr(done, blob.offset - done)).append(note_of(blob));
    done = blob.offset + blob.length;
  }
  out.append(text.substr(done));
  return out;
}

}  // namespace hearth::trim
