// A neural voice: phonemes in, sound out. Piper (VITS) and Kokoro.
#pragma once

#include "../common/model.h"
#include "../common/serving.h"
#include "phonemes.h"

#include <hearth/core/error.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::onnx {

struct ListedVoice {
  std::string id;
  std::string language;  // as espeak-ng names it; empty if unknown
};

class Voice {
 public:
  virtual ~Voice() = default;
  [[nodiscard]] virtual int sample_rate() const = 0;
  [[nodiscard]] virtual std::vector<ListedVoice> list() const = 0;
  // How many phonemes may be spoken at once.
  [[nodiscard]] virtual std::size_t most_phonemes() const = 0;
  // One piece as samples of −1 to 1. `voice`: one of list(), or empty for the first; `speed` 0.25 to 4.
  // invalid_argument (no such voice), as Model::run, corrupt. Any thread.
  [[nodiscard]] virtual Result<std::vector<float>> speak(std::u32string_view phonemes, std::string_view voice,
                                                         double speed) const = 0;
};

// The voice that is meant by `asked`: one of `voices`, the first for an empty name, or, for a name of OpenAI's, which
// clients have built in, one that is always the same. nullptr: there is no such voice. `voices` is not empty.
const ListedVoice* voice_meant(const std::vector<ListedVoice>& voices, std::string_view asked);

// unsupported when the model's inputs are others.
Result<std::unique_ptr<Voice>> make_piper(std::unique_ptr<Model> model, PiperConfig config, std::string name);

// A Kokoro voice: styles[n] is used for n phonemes; each has 256 numbers.
struct KokoroStyle {
  std::string name;
  std::vector<float> rows;
};
inline constexpr std::size_t kKokoroStyleWidth = 256;
// The file of one voice: rows of 256 little-endian floats, at least one and at most 4096. invalid_argument.
Result<KokoroStyle> parse_kokoro_style(std::string name, std::string_view bytes);
Result<std::unique_ptr<Voice>> make_kokoro(std::unique_ptr<Model> model, PhonemeIds ids,
                                           std::vector<KokoroStyle> styles);

// −1 to 1 as 16 bits; what is no number is silence.
std::vector<std::int16_t> to_samples(std::span<const float> sound);

}  // namespace hearth::onnx
