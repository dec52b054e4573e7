// A model's file is a stranger's. The first byte says whether the rest is a whole file, the part after a sound
// vocabulary, or a model of speech.
#include "model_file.h"
#include "tests/support/tiny_model.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

namespace hearth::whisper {
namespace {

void check(std::uint8_t kind, const std::string& bytes) {
  const ReadAt read = [&](std::uint64_t at, std::span<char> into) -> Result<std::size_t> {
    if (at > bytes.size()) std::abort();  // never asked for beyond the end
    const std::size_t n = std::min<std::size_t>(into.size(), bytes.size() - at);
    std::memcpy(into.data(), bytes.data() + at, n);
    return n;
  };
  if (kind == 2) {
    const auto sound = check_vad(read, bytes.size());
    if (!sound && sound.error().describe().empty()) std::abort();
    return;
  }
  const auto layout = check_model(read, bytes.size());
  if (layout && (layout->languages() < 1 || layout->languages() > 100 || layout->audio_heads < 1)) std::abort();
}

}  // namespace
}  // namespace hearth::whisper

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::string head = hearth::whisper::testing::empty_model();
  const std::uint8_t kind = data[0] % 3;
  std::string bytes = kind == 1 ? head : std::string();
  bytes.append(reinterpret_cast<const char*>(data) + 1, size - 1);
  hearth::whisper::check(kind, bytes);
  return 0;
}
