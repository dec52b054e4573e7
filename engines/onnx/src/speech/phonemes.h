// Phonemes, as text in the International Phonetic Alphabet, to the ids that a voice was trained with. Pure.
#pragma once

#include <hearth/core/error.h>

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::onnx {

// By code point; what is not there is silently left out, as the voices' own programs do.
using PhonemeIds = std::map<char32_t, std::vector<std::int64_t>>;

// One Piper voice's settings: the JSON beside its model.
struct PiperConfig {
  int sample_rate = 22'050;
  float noise = 0.667F;
  float length = 1.0F;
  float noise_w = 0.8F;
  int speakers = 1;
  std::string language;  // "en_US"; empty if it is not told
  std::map<std::string, int> speaker_ids;
  PhonemeIds ids;
};
// invalid_argument, with what is wrong, and which key.
Result<PiperConfig> parse_piper_config(std::string_view json);

// Piper: a beginning, then each phoneme followed by a pad, then an end.
std::vector<std::int64_t> piper_ids(std::u32string_view phonemes, const PhonemeIds& ids);

// Kokoro: at most 510 tokens, 0 at both ends. Its ids by phoneme, from a JSON object {"a": 43, …}, or one that has that
// as "vocab", or in its "model" (Hugging Face's tokenizer.json). invalid_argument.
Result<PhonemeIds> parse_kokoro_vocabulary(std::string_view json);
inline constexpr std::size_t kKokoroMost = 510;
std::vector<std::int64_t> kokoro_ids(std::u32string_view phonemes, const PhonemeIds& ids);

// The text's code points; bytes that are not UTF-8 are left out. Precomposed letters of IPA (ç among them) come apart
// as Unicode's canonical decomposition says, which is what voices are trained with.
std::u32string decomposed(std::string_view text);

// Sentences short enough to be spoken at once: cut after . ? ! ; : , … or at a blank where none comes in time, else
// anywhere. In order, none empty, none longer than `most`.
std::vector<std::u32string> spoken_pieces(std::u32string_view phonemes, std::size_t most);

}  // namespace hearth::onnx
