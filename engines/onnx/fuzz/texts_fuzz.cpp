// The texts that come with models, and requests: the first byte says which one the rest is.
#include "detect/labels.h"
#include "ocr/ctc.h"
#include "speech/handler.h"
#include "speech/phonemes.h"
#include "speech/voice.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace hearth::onnx;

void expect(bool holds) {
  if (!holds) std::abort();
}

void pieces_of(std::string_view text) {
  constexpr std::size_t kMost = 40;
  for (const std::u32string& piece : spoken_pieces(decomposed(text), kMost))
    expect(!piece.empty() && piece.size() <= kMost);
}

void voice_of(std::string_view text) {
  const auto config = parse_piper_config(text);
  if (!config) return;
  expect(config->sample_rate >= 8000 && config->speakers >= 1 && !config->ids.empty());
  expect(!piper_ids(decomposed(text.substr(0, 1000)), config->ids).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 8) {
    case 0:
      if (const auto labels = parse_label_map(text)) expect(!labels->empty());
      break;
    case 1:
      if (const auto labels = parse_label_lines(text)) static_cast<void>(choose_labels(*labels, text));
      break;
    case 2:
      if (const auto characters = parse_dictionary(text)) expect(!characters->empty());
      break;
    case 3:
      voice_of(text);
      break;
    case 4:
      if (const auto ids = parse_kokoro_vocabulary(text))
        expect(kokoro_ids(decomposed(text), *ids).size() <= kKokoroMost + 2);
      break;
    case 5:
      if (const auto request = parse_phoneme_request(text)) expect(!request->phonemes.empty());
      break;
    case 6:
      pieces_of(text);
      break;
    default:
      if (const auto style = parse_kokoro_style("v", text)) expect(style->rows.size() % kKokoroStyleWidth == 0);
  }
  return 0;
}
